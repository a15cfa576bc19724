// inception_v3 against pytorch-fid, torch-fidelity and clean-fid (make_inception.py), with weights that a formula gives.
#include "model/safetensors.hpp"
#include "support.hpp"

namespace {

using namespace test;

void fill(basin::Model& model) {
  auto weights = model.weights();  // by name, in order
  int64_t k = 0;
  for (auto& [name, value] : weights) {
    if (!name.ends_with(".conv.weight")) continue;
    const auto fan_in = static_cast<double>(value.numel() / value.size(0));
    value = (uniform(value.sizes(), 2 * k) * std::sqrt(6 / fan_in)).to(at::kFloat);
    const std::string bias = name.substr(0, name.size() - 6) + "bias";
    weights[bias] = (uniform({value.size(0)}, 2 * k + 1) * 0.1).to(at::kFloat);
    k++;
  }
  REQUIRE(k == 94);
  weights["fc.weight"] = (uniform({1008, 2048}, 5000) * 0.05).to(at::kFloat);
  weights["fc.bias"] = (uniform({1008}, 5001) * 0.05).to(at::kFloat);
  model.load(weights, "the formula");
}

}  // namespace

TEST_CASE("inception_v3 gives the features of the programs that FID is known by") {
  const auto wanted = basin::read_safetensors(BASIN_TESTS "/metrics/inception.safetensors").tensors;
  const Tensor x = wanted.at("images").to(at::kFloat) / 127.5 - 1;
  basin::Context context(0, 0, std::vector<int64_t>{0, 1});
  at::NoGradGuard no_gradients;
  for (const std::string resize : {"pytorch", "tensorflow", "clean"}) {
    INFO(resize);
    const auto network = model("inception_v3", {{"resize", resize}});
    fill(*network);
    const auto out = network->forward(context, {x});
    // Of the three ways the two nearest are 1e-2 apart.
    CHECK(relative(out.at(0), wanted.at(resize)) < 1e-5);
    if (resize == "pytorch") CHECK(relative(out.at(1), wanted.at("logits")) < 1e-5);
  }
  const auto logits = model("inception_v3", {{"layer", std::string("logits")}});
  fill(*logits);
  CHECK(relative(logits->forward(context, {x}).at(0), wanted.at("unbiased")) < 1e-5);
  CHECK(relative(logits->forward(context, {x}).at(1), wanted.at("unbiased")) > 1e-2);  // these have the bias
  for (const std::string layer : {"64", "192", "spatial", "768"}) {
    INFO(layer);
    const auto inner = model("inception_v3", {{"resize", std::string("pytorch")}, {"layer", layer}});
    fill(*inner);
    CHECK(relative(inner->forward(context, {x}).at(0), wanted.at(layer)) < 1e-5);
  }
}
