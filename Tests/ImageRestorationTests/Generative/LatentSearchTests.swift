import Autodiff
import ImageRestoration
import NeuralNetworks
import Tensors
import Testing

@Suite struct LatentSearchTests {
  private func prior(_ codes: Int) -> VariationalAutoencoder<Float> {
    var stream = RandomStream(seed: 3)
    let prior = VariationalAutoencoder<Float>(width: 12, hidden: [8], codes: codes, from: &stream)
    for parameter in prior.parameters { parameter.set(stream.normal(parameter.shape)) }
    return prior
  }

  @Test("finds the code that a search of the whole line finds", arguments: [true, false])
  func line(isAveraged: Bool) throws {
    let prior = prior(1)
    var stream = RandomStream(seed: 4)
    let operators: Tensor<Float> = stream.normal([5, 12])
    let truth = prior.generated(from: Tensor([0.8, -1.1, 0.1], shape: [3, 1]))
    let y = matmul(truth, operators, transposeB: true)
    var search = LatentSearch()
    search.isAveraged = isAveraged
    search.steps = 2000
    search.rate = 0.02
    let found = try search.search(y, operators: operators, prior: prior, from: stream)
    let grid = Tensor<Float>((-4000...4000).map { Float($0) / 1000 }, shape: [8001, 1])
    let measured = matmul(prior.generated(from: grid), operators, transposeB: true)
    for row in 0..<3 {
      let misfit = square(measured - y.sliced(axis: 0, row..<(row + 1))).sum(axis: 1)
      let losses = misfit * (isAveraged ? 0.2 : 1) + square(grid).sum(axis: 1) * 0.1
      let numbers = losses.scalars
      let best = numbers.indices.min { numbers[$0] < numbers[$1] } ?? 0
      #expect(abs(found.codes.scalars[row] - grid.scalars[best]) < 2e-3)
      #expect(found.losses[row] < numbers[best] + 1e-5)
    }
    #expect(found.images == prior.generated(from: found.codes))
  }

  @Test("a row's result depends neither on the others nor on the threads")
  func independent() throws {
    let prior = prior(3)
    var stream = RandomStream(seed: 5)
    let operators: Tensor<Float> = stream.normal([6, 12])
    let y: Tensor<Float> = stream.normal([20, 6])
    var search = LatentSearch()
    search.steps = 20
    let serial = try search.search(y, operators: operators, prior: prior, from: stream)
    let parallel = try search.search(
      y,
      operators: operators,
      prior: prior,
      from: stream,
      pool: WorkerPool(threads: 3)
    )
    #expect(serial.images == parallel.images && serial.losses == parallel.losses)
    #expect(serial.images.shape == [20, 12])
    search.restarts = 1
    let single = try search.search(y, operators: operators, prior: prior, from: stream)
    #expect(zip(serial.losses, single.losses).allSatisfy { $0 <= $1 + 1e-4 })
  }
}
