// The figures' shapes are our own; a figure is written with a pen that goes smoothly through a few points.

/// The strokes of the ten figures, in a box of width and height 1, from the left and from the top.
enum DigitStrokes {
  /// One place on the way of the pen.
  typealias Point = (x: Double, y: Double)

  /// The ways in which a figure is written; each is a list of strokes.
  static let variants: [[[[Point]]]] = [
    [
      [
        [
          (0.52, 0.04), (0.24, 0.2), (0.15, 0.55), (0.3, 0.9), (0.55, 0.96), (0.8, 0.72),
          (0.84, 0.36), (0.66, 0.08), (0.5, 0.05),
        ]
      ]
    ],
    [
      [[(0.5, 0.03), (0.5, 0.5), (0.5, 0.97)]],
      [[(0.3, 0.26), (0.42, 0.16), (0.53, 0.04)], [(0.53, 0.04), (0.52, 0.5), (0.52, 0.97)]],
    ],
    [
      [
        [
          (0.2, 0.26), (0.36, 0.06), (0.66, 0.06), (0.79, 0.26), (0.64, 0.52), (0.38, 0.76),
          (0.17, 0.94),
        ],
        [(0.17, 0.94), (0.5, 0.92), (0.86, 0.93)],
      ],
      [
        [
          (0.22, 0.22), (0.45, 0.04), (0.74, 0.16), (0.72, 0.44), (0.5, 0.72), (0.28, 0.92),
          (0.18, 0.84), (0.3, 0.76), (0.56, 0.88), (0.86, 0.92),
        ]
      ],
    ],
    [
      [
        [(0.2, 0.12), (0.48, 0.03), (0.77, 0.17), (0.69, 0.39), (0.42, 0.47)],
        [(0.42, 0.47), (0.74, 0.53), (0.83, 0.76), (0.56, 0.96), (0.17, 0.87)],
      ]
    ],
    [
      [
        [(0.6, 0.04), (0.36, 0.35), (0.14, 0.63)], [(0.14, 0.63), (0.5, 0.64), (0.88, 0.62)],
        [(0.66, 0.34), (0.64, 0.65), (0.6, 0.97)],
      ],
      [
        [(0.2, 0.06), (0.18, 0.34), (0.24, 0.5), (0.5, 0.52), (0.78, 0.46)],
        [(0.8, 0.05), (0.77, 0.5), (0.73, 0.97)],
      ],
    ],
    [
      [
        [(0.78, 0.06), (0.5, 0.06), (0.3, 0.07)], [(0.3, 0.07), (0.28, 0.25), (0.25, 0.45)],
        [(0.25, 0.45), (0.54, 0.37), (0.81, 0.58), (0.71, 0.88), (0.42, 0.97), (0.17, 0.87)],
      ]
    ],
    [
      [
        [
          (0.72, 0.05), (0.42, 0.24), (0.22, 0.58), (0.29, 0.89), (0.55, 0.96), (0.77, 0.78),
          (0.66, 0.56), (0.41, 0.56), (0.24, 0.73),
        ]
      ]
    ],
    [
      [
        [(0.15, 0.08), (0.5, 0.07), (0.85, 0.07)], [(0.85, 0.07), (0.6, 0.46), (0.42, 0.97)],
      ],
      [
        [(0.15, 0.08), (0.5, 0.07), (0.85, 0.07)], [(0.85, 0.07), (0.6, 0.46), (0.42, 0.97)],
        [(0.34, 0.5), (0.55, 0.49), (0.76, 0.48)],
      ],
    ],
    [
      [
        [
          (0.52, 0.48), (0.26, 0.31), (0.29, 0.11), (0.54, 0.03), (0.77, 0.17), (0.69, 0.37),
          (0.42, 0.52), (0.2, 0.75), (0.38, 0.96), (0.67, 0.93), (0.81, 0.72), (0.66, 0.55),
          (0.5, 0.47),
        ]
      ]
    ],
    [
      [
        [
          (0.77, 0.28), (0.61, 0.48), (0.33, 0.46), (0.22, 0.26), (0.39, 0.06), (0.64, 0.07),
          (0.77, 0.28), (0.76, 0.6), (0.66, 0.97),
        ]
      ]
    ],
  ]

  /// Places on a smooth curve through the points of a stroke (a Catmull-Rom spline).
  static func curve(through points: [Point], stepsASection: Int) -> [Point] {
    guard points.count > 1 else { return points }
    var curve = [points[0]]
    for section in 0..<(points.count - 1) {
      let (b, c) = (points[section], points[section + 1])
      let a: Point = section > 0 ? points[section - 1] : (2 * b.x - c.x, 2 * b.y - c.y)
      let d: Point =
        section + 2 < points.count ? points[section + 2] : (2 * c.x - b.x, 2 * c.y - b.y)
      for step in 1...stepsASection {
        let t = Double(step) / Double(stepsASection)
        curve.append((between(a.x, b.x, c.x, d.x, t), between(a.y, b.y, c.y, d.y, t)))
      }
    }
    return curve
  }

  private static func between(
    _ a: Double,
    _ b: Double,
    _ c: Double,
    _ d: Double,
    _ t: Double
  ) -> Double {
    let (slopeB, slopeC) = ((c - a) / 2, (d - b) / 2)
    let cubic = 2 * (b - c) + slopeB + slopeC
    let square = 3 * (c - b) - 2 * slopeB - slopeC
    return b + t * (slopeB + t * (square + t * cubic))
  }
}
