/// A path in space to show in a report.
public struct PathPicture: Sendable, Hashable {
  /// The name of its files in `figures/`.
  public var name: String
  /// The words above it.
  public var title: String

  /// A picture.
  public init(name: String, title: String) {
    self.name = name
    self.title = title
  }

  /// The pictures that a study's parts ask for.
  package static func all(in specification: StudySpecification) -> [PathPicture] {
    specification.parts.filter { $0.paths != nil }.map { part in
      PathPicture(name: PathRun.name(study: specification.study, part: part.id), title: part.title)
    }
  }
}
