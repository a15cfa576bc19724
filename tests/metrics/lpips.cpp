// lpips_features and lpips against the package lpips (make_lpips.py), with weights that a formula gives.
#include "model/safetensors.hpp"
#include "support.hpp"

namespace {

using namespace test;

void fill(basin::Model& model) {
  auto weights = model.weights();  // by name, in order
  int64_t k = 100;
  for (auto& [name, value] : weights) {
    Tensor u = uniform(value.sizes(), k++);
    if (name.starts_with("lin")) u = u.abs();
    else if (name.ends_with("bias")) u = u * 0.1;
    else u = u * std::sqrt(6 * static_cast<double>(value.size(0)) / static_cast<double>(value.numel()));
    value = u.to(at::kFloat);
  }
  model.load(weights, "the formula");
}

}  // namespace

TEST_CASE("lpips_features gives features whose squared distance is the package's") {
  const auto wanted = basin::read_safetensors(BASIN_TESTS "/metrics/lpips.safetensors").tensors;
  const Tensor x = wanted.at("images").to(at::kFloat) / 127.5 - 1;
  basin::Context context(0, 0, std::vector<int64_t>{0, 1, 2, 3, 4, 5});
  at::NoGradGuard no_gradients;
  for (const std::string trunk : {"alex", "vgg", "squeeze"}) {
    INFO(trunk);
    const auto network = model("lpips_features", {{"trunk", trunk}});
    fill(*network);
    const Tensor features = network->forward(context, {x}).at(0);
    CHECK(relative(features[0].slice(0, 0, c10::nullopt, 29), wanted.at(trunk + ".features")) < 1e-5);
    const Tensor distances = (features.slice(0, 0, 3) - features.slice(0, 3, 6)).square().sum(1);
    INFO(distances << " and " << wanted.at(trunk + ".distances"));
    CHECK(relative(distances, wanted.at(trunk + ".distances")) < 1e-4);
  }
}

TEST_CASE("SqueezeNet's pools give what is left over at the edge a place") {
  // Sides as torchvision's network has them: (s - 3) / 2 + 1 of the convolution, rounded down, of the pools rounded up.
  basin::Context context(0, 0, std::vector<int64_t>{0});
  at::NoGradGuard no_gradients;
  const auto network = model("lpips_features", {{"trunk", std::string("squeeze")}});
  for (int64_t side = 17; side < 40; side++) {
    const int64_t first = (side - 3) / 2 + 1, second = (first - 2) / 2 + 1, third = (second - 2) / 2 + 1,
                  last = (third - 2) / 2 + 1;
    const int64_t expected =
        64 * first * first + 128 * second * second + 256 * third * third + (384 + 384 + 512 + 512) * last * last;
    INFO("side " << side);
    CHECK(network->forward(context, {at::zeros({1, 3, side, side})}).at(0).size(1) == expected);
  }
}

TEST_CASE("an image too small for a trunk is refused in a sentence") {
  basin::Context context(0, 0, std::vector<int64_t>{0});
  at::NoGradGuard no_gradients;
  for (const auto& [trunk, least] : {std::pair<std::string, int64_t>{"alex", 31}, {"vgg", 16}, {"squeeze", 17}}) {
    INFO(trunk);
    const auto network = model("lpips_features", {{"trunk", trunk}});
    CHECK(network->forward(context, {at::zeros({1, 3, least, least})}).at(0).isfinite().all().item<bool>());
    const std::string said = refusal([&] { network->forward(context, {at::zeros({1, 3, 40, least - 1})}); });
    CHECK(contains(said, "the trunk " + trunk + " needs images of at least " + std::to_string(least)));
  }
}
