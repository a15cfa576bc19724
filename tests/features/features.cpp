// small_features against the same network in PyTorch (make_features.py), on images that are a formula.
#include <cmath>

#include "abi/context.hpp"
#include "model/model.hpp"
#include "plugin/options.hpp"
#include "plugin/support.hpp"

namespace {

using basin::Tensor;

constexpr int64_t n_features = 32, n_logits = 10;
struct Reference {
  int64_t height, width;
  double values[n_features + n_logits];
};
constexpr Reference references[] = {
#include "features.inc"
};

Tensor image(int64_t height, int64_t width) {  // [1,3,height,width]
  Tensor out = at::empty({1, 3, height, width});
  auto* p = out.mutable_data_ptr<float>();
  for (int c = 0; c < 3; c++)
    for (int64_t i = 0; i < height; i++)
      for (int64_t j = 0; j < width; j++) {
        const double y = static_cast<double>(i) / static_cast<double>(height),
                     x = static_cast<double>(j) / static_cast<double>(width);
        *p++ = static_cast<float>(std::sin(9 * (c + 1) * (y - x * x) + c));
      }
  return out;
}

}  // namespace

TEST_CASE("small_features are PyTorch's, as they are and from images of other sizes") {
  const at::NoGradGuard no_grad;
  basin::add_abi_interfaces();
  start_host();
  basin::Registry::instance().search({BASIN_BUILD "/plugins"});
  const auto extractor =
      basin::Model::create(basin::check_options(basin::Registry::instance().find("model", "small_features"), {}));
  double most = 0;
  for (const auto& reference : references) {
    basin::Context context(0, 0, {0});
    const auto out = extractor->forward(context, {image(reference.height, reference.width)});
    REQUIRE(out.size() == 2);
    REQUIRE(out[0].numel() == n_features);
    REQUIRE(out[1].numel() == n_logits);
    const Tensor got = at::cat(out, 1).to(at::kDouble).contiguous();
    for (int64_t i = 0; i < n_features + n_logits; i++) {
      const double off = std::abs(got.const_data_ptr<double>()[i] - reference.values[i]);
      INFO(reference.height << "x" << reference.width << ", value " << i);
      CHECK(off < 1e-4);
      most = std::max(most, off);
    }
  }
  WARN("small_features: largest difference from PyTorch " << most);
}
