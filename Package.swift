// swift-tools-version: 6.2
import PackageDescription

let swiftSettings: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .treatAllWarnings(as: .error),
]

/// A library target of ours: Swift 6 mode, warnings as errors.
func library(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: swiftSettings)
}

/// The tests of one target; `TestSupport` comes with it.
func tests(
  of name: String,
  _ dependencies: [Target.Dependency] = [],
  resources: [Resource] = []
) -> Target {
  .testTarget(
    name: "\(name)Tests",
    dependencies: [.init(stringLiteral: name), "TestSupport"] + dependencies,
    resources: resources,
    swiftSettings: swiftSettings
  )
}

let package = Package(
  name: "graybox",
  platforms: [.macOS(.v15)],
  products: [
    .executable(name: "graybox", targets: ["graybox"]),
    .library(
      name: "Graybox",
      targets: [
        "Tensors", "Autodiff", "NeuralNetworks", "Hybridization", "Studies", "SymbolDetection",
        "SparseRecovery", "ImageRestoration", "StateEstimation",
      ]
    ),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: [
    .target(
      name: "CKernels",
      linkerSettings: [
        .linkedLibrary("m", .when(platforms: [.linux])),
        .linkedLibrary("dl", .when(platforms: [.linux])),
        .linkedLibrary("pthread", .when(platforms: [.linux])),
      ]
    ),
    library("Tensors", ["CKernels"]),
    library("Autodiff", ["CKernels", "Tensors"]),
    library("NeuralNetworks", ["CKernels", "Tensors", "Autodiff"]),
    library("Hybridization", ["Tensors", "Autodiff", "NeuralNetworks"]),
    library("Studies", ["Tensors", "NeuralNetworks", .product(name: "Yams", package: "Yams")]),
    library(
      "SymbolDetection",
      ["CKernels", "Tensors", "Autodiff", "NeuralNetworks", "Hybridization", "Studies"]
    ),
    library(
      "SparseRecovery",
      ["Tensors", "Autodiff", "NeuralNetworks", "Hybridization", "Studies"]
    ),
    library(
      "ImageRestoration",
      ["CKernels", "Tensors", "Autodiff", "NeuralNetworks", "Hybridization", "Studies"]
    ),
    library(
      "StateEstimation",
      ["CKernels", "Tensors", "Autodiff", "NeuralNetworks", "Hybridization", "Studies"]
    ),
    library(
      "GrayboxCommands",
      [
        "CKernels", "Tensors", "Autodiff", "NeuralNetworks", "Hybridization", "Studies",
        "SymbolDetection", "SparseRecovery", "ImageRestoration", "StateEstimation",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]
    ),
    .executableTarget(
      name: "graybox",
      dependencies: ["GrayboxCommands"],
      swiftSettings: swiftSettings
    ),
    .executableTarget(
      name: "NonNegativeLeastSquares",
      dependencies: ["Tensors", "Autodiff", "NeuralNetworks", "Hybridization"],
      path: "Examples/NonNegativeLeastSquares",
      swiftSettings: swiftSettings
    ),
    .executableTarget(
      name: "NeighbourBeliefs",
      dependencies: ["Tensors", "Autodiff", "NeuralNetworks", "Hybridization"],
      path: "Examples/NeighbourBeliefs",
      swiftSettings: swiftSettings
    ),

    .target(name: "CTestSupport", path: "Tests/CTestSupport"),
    .target(
      name: "TestSupport",
      dependencies: ["Tensors"],
      path: "Tests/TestSupport",
      swiftSettings: swiftSettings
    ),
    tests(of: "Tensors", ["CKernels"], resources: [.copy("Resources")]),
    tests(of: "Autodiff", ["Tensors"]),
    tests(of: "NeuralNetworks", ["Tensors", "Autodiff", "CTestSupport"]),
    tests(of: "Hybridization", ["Tensors", "Autodiff", "NeuralNetworks"]),
    tests(of: "Studies", ["Tensors", "NeuralNetworks"]),
    tests(
      of: "SymbolDetection",
      ["Tensors", "Autodiff", "NeuralNetworks", "Hybridization", "Studies"]
    ),
    tests(
      of: "SparseRecovery",
      ["Tensors", "Autodiff", "NeuralNetworks", "Hybridization", "Studies"]
    ),
    tests(
      of: "ImageRestoration",
      ["CKernels", "Tensors", "Autodiff", "NeuralNetworks", "Hybridization", "Studies"]
    ),
    tests(
      of: "StateEstimation",
      ["Tensors", "Autodiff", "NeuralNetworks", "Hybridization", "Studies", "CTestSupport"]
    ),
    tests(of: "GrayboxCommands", ["Tensors", "NeuralNetworks", "Studies"]),
  ],
  swiftLanguageModes: [.v6],
  cLanguageStandard: .c17
)
