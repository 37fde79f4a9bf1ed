internal import Autodiff
package import NeuralNetworks
package import Tensors

/// Both gains of RTSNet.
package struct RTSNetwork: PartedModule {
  package typealias Scalar = Float

  package private(set) var forward: CovarianceGain<Float>
  package private(set) var backward: SmootherGain<Float>

  package init(forward: CovarianceGain<Float>, backward: SmootherGain<Float>) {
    self.forward = forward
    self.backward = backward
  }

  package static var parts: [ModulePart<RTSNetwork>] {
    [.init("forward", \.forward), .init("backward", \.backward)]
  }
}

/// Them along whole sequences, forth and back.
package struct RTSNetFilter: LearnedFilter {
  package let model: SystemModel<Float>
  package let network: RTSNetwork

  package init(model: SystemModel<Float>, network: RTSNetwork) {
    self.model = model
    self.network = network
  }

  package func estimates(_ sequences: RecordedSequences<Float>) -> Tensor<Float> {
    var predicted: [Tensor<Float>] = []
    let filtered = RecordedFilter(model: model).steps(sequences, gain: network.forward) {
      predicted.append($0.predicted)
    }
    let smoothed = RecordedSmoother.smoothed(
      filtered,
      predicted: predicted,
      gain: network.backward,
      in: sequences
    )
    return stacked(smoothed, axis: 1)
  }
}
