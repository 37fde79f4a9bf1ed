// A search at several values of an axis is several searches: the method becomes one entry for each value, of one
// label, each at its own points.

extension StudyMethod {
  /// The method, or one for each value of the axis at which its search has several.
  var splitBySearch: [StudyMethod] {
    guard let search, let place = search.at.firstIndex(where: { $0.values.count > 1 }) else {
      return [self]
    }
    return search.at[place].values.flatMap { value in
      let axis = StudyAxis(key: search.at[place].key, values: [value])
      var own = self
      own.search?.at[place] = axis
      own.only.removeAll { $0.key == axis.key }
      own.only.append(axis)
      return own.splitBySearch
    }
  }

  /// Whether no point belongs to both.
  func isApart(from other: StudyMethod) -> Bool {
    only.contains { axis in
      other.only.contains { $0.key == axis.key && !$0.values.contains(where: axis.values.contains) }
    }
  }
}
