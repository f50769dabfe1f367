// The networks under workloads/: the products of the published ones, and the recorded outputs of the trained ones.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>

#include "tensor/npy.h"
#include "workload/reference.h"
#include "workload/workload.h"

using namespace lacuna;

namespace {

std::filesystem::path folder_of(const std::string& network) {
  return std::filesystem::path(LACUNA_SOURCE_DIR) / "workloads" / network;
}

}  // namespace

TEST_CASE("published networks have the published number of products") {
  struct Published {
    std::string network;
    std::size_t layers;
    double convolutions, others;  ///< millions
  };
  // AlexNet: 666 M in its convolutions (Eyeriss, ISCA'16), 58.6 M in fc6..8. VGG-16: 15.3 G and 123.6 M (the same).
  // ResNet-50: 4.1 G with the stride in the 3x3 convolutions. MobileNet-v1: 569 M in all (its paper).
  for (const Published& p :
       {Published{"alexnet", 8, 666, 58.6}, Published{"vgg16", 16, 15347, 123.6}, Published{"resnet50", 54, 4087, 2.05},
        Published{"resnet50-2-4", 54, 4087, 2.05}, Published{"mobilenet-v1", 28, 567.7, 1.02}}) {
    CAPTURE(p.network);
    const Workload workload = Workload::open(folder_of(p.network));
    CHECK(workload.name() == p.network);
    CHECK(workload.source().size() > 100);
    CHECK(workload.layer_names().size() == p.layers);
    double convolutions = 0, others = 0;
    for (std::size_t i = 0; i < p.layers; ++i) {
      const Layer layer = workload.load(i);
      CHECK(layer.generated);
      (layer.op == Op::Fc ? others : convolutions) += static_cast<double>(layer.shape.dense_pairs()) / 1e6;
    }
    CHECK(convolutions == Approx(p.convolutions).epsilon(0.001));
    CHECK(others == Approx(p.others).epsilon(0.005));
  }
}

TEST_CASE("the layer tables are what their script writes") {
  const std::string command =
      std::string("/usr/bin/python3 ") + LACUNA_SOURCE_DIR + "/scripts/write_layer_tables.py --check";
  INFO(command);
  CHECK(std::system(command.c_str()) == 0);
}

TEST_CASE("trained networks give their recorded outputs") {
  for (const std::string network : {"lenet5", "lenet-300-100"}) {
    const Workload workload = Workload::open(folder_of(network));
    for (std::size_t i = 0; i < workload.layer_names().size(); ++i) {
      const Layer layer = workload.load(i);
      CAPTURE(network, layer.name);
      const Tensor recorded = read_npy(folder_of(network) / (layer.name + ".output.npy"));
      const Tensor output = reference_output(layer, 32, 0);
      CHECK(recorded.type() == output.type());
      CHECK(recorded.reshaped(output.shape()) == output);
    }
  }
}
