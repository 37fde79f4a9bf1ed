/// The rows that are appended together: one point and one replicate of a part.
struct StudyChunk {
  /// The part's place in the study.
  let part: Int
  /// The point.
  let point: StudyPoint
  /// The training seed's number.
  let replicate: Int
  /// The rows it gives, in order.
  let rows: [Identity]

  /// What a row is called and made from.
  struct Identity: Equatable {
    var key: BlockRow.Key
    var config: String
  }
}

extension RowMaker {
  /// What the rows of a point will be called, in the order in which they are written.
  func identities(at point: StudyPoint, replicate: Int) throws(StudyError)
    -> [StudyChunk.Identity]
  {
    guard part.tracking == nil else {
      return try trackingIdentities(at: point, replicate: replicate)
    }
    return try identities(at: place(of: point), point: point, replicate: replicate)
  }

  /// The identities of one place.
  func identities(at place: Place, point: StudyPoint, replicate: Int) throws(StudyError)
    -> [StudyChunk.Identity]
  {
    var identities: [StudyChunk.Identity] = []
    for method in part.methods where point.cells.contains(where: { $0.isIn(method.only) }) {
      let description = try world.description(of: method)
      let config = self.config(of: method, at: point, version: description.version)
      for metric in world.task.metrics {
        let key = BlockRow.Key(
          scenario: place.scenario,
          axis: place.axis,
          axisValue: place.axisValue,
          method: method.label,
          replicate: replicate,
          metric: metric.id
        )
        identities.append(StudyChunk.Identity(key: key, config: config))
      }
    }
    return identities
  }
}
