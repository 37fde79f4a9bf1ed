extension StudyWorld {
  /// One place of the part: given values of axes, and the middle value of every other axis and averaged setting.
  ///
  /// - Parameter given: axes, the first value of each.
  /// - Returns: the cell and the values of its axes.
  /// - Throws: ``StudyError`` for values that the scenario cannot take.
  func cell(at given: [StudyAxis]) throws -> (cell: StudyCell, place: [StudyCoordinate]) {
    func narrowed(_ axis: StudyAxis) -> StudyAxis {
      let value = given.first { $0.key == axis.key }?.values.first
      return StudyAxis(
        key: axis.key,
        values: [value ?? axis.values[(axis.values.count - 1) / 2]]
      )
    }
    var narrow = part
    narrow.axes = part.axes.map(narrowed)
    narrow.average = part.average.map(narrowed)
    let place = (narrow.axes + narrow.average).map {
      StudyCoordinate(key: $0.key, value: $0.values[0])
    }
    return (try narrow.points(in: catalogue)[0].cells[0], place)
  }
}
