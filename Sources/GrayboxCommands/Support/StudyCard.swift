internal import Studies

/// The lines of a named study's file that lists show.
struct StudyCard {
  /// What the study is called.
  let title: String?
  /// What the paper claims.
  let claim: String?

  /// Reads the card of a study.
  init(_ study: StudyDescription) {
    let file = try? StudyNode(yaml: study.file, source: study.id)
    title = file?.asMap?["title"]?.asText
    claim = file?.asMap?["claim"]?.asText
  }
}
