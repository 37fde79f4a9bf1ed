extension TrainingRequest {
  /// Which of the training items are learned from, and which the best epoch is chosen by.
  ///
  /// The last `validation_share` of the items, at least one, is held out; none where validation arrays are given,
  /// where the share is 0, or of a single item.
  ///
  /// - Parameter count: of the items.
  /// - Returns: the items learned from, and those held out; nil for none.
  package func parts(of count: Int) -> (learned: Range<Int>, heldOut: Range<Int>?) {
    let share = settings.number("validation_share")
    guard validation == nil, share > 0, count >= 2 else { return (0..<count, nil) }
    let kept = count - max(1, Int(share * Double(count)))
    return (0..<kept, kept..<count)
  }
}
