// Metrics of pairs and of sets against scikit-image, pytorch-msssim, scipy and POT (make_pairs.py).
#include "pairs.inc"
#include "support.hpp"

namespace {

using namespace test;

std::shared_ptr<basin::Images> of(const Tensor& pixels) {
  auto images = std::make_shared<basin::Images>();
  images->pixels = pixels;
  return images;
}
std::shared_ptr<basin::Dataset> toy(int64_t count, int64_t seed, int64_t channels, int64_t size) {
  return dataset("toy_data", {{"count", count}, {"seed", seed}, {"channels", channels}, {"size", size}});
}

// Images and others that are three parts the same.
Result of_pairs(const std::string& metric, const Options& options, int64_t count, int64_t side) {
  const Tensor x = images_of(*toy(count, 2, 3, side), count)->pixels,
               z = images_of(*toy(count, 3, 3, side), count)->pixels;
  const Tensor y = at::div(x.to(at::kInt) * 3 + z.to(at::kInt), 4, "floor").to(at::kByte);
  basin::MeasureOptions o;
  o.metric = std::make_shared<basin::Object>(spec("metric", metric, options));
  o.subject.images = of(x);
  o.reference_images = of(y);
  return {basin::measure(o)};
}

Result of_sets(const std::string& metric, const Options& options, int64_t channels = 2, int64_t size = 2) {
  return measure(metric, options, {nullptr, nullptr, toy(300, 2, channels, size)}, toy(400, 3, channels, size));
}
Options with_pixels(Options options = {}) {
  options.push_back({"features", std::make_shared<const basin::Spec>(spec("model", "toy_features"))});
  return options;
}

constexpr double kT19 = 2.093024;  // Student's t of 19 degrees of freedom, 97.5 %

}  // namespace

TEST_CASE("PSNR is scikit-image's") {
  for (int64_t batch : {128, 3})
    CHECK(of_pairs("psnr", {{"batch", batch}}, 4, 48)["psnr"].value == Approx(psnr_value).epsilon(1e-6));
}

TEST_CASE("PSNR leaves identical pairs out of its mean, and counts them in that of all") {
  const Tensor x = images_of(*toy(4, 2, 3, 16), 4)->pixels;
  Tensor y = images_of(*toy(4, 3, 3, 16), 4)->pixels.clone();
  y[1].copy_(x[1]);
  basin::MeasureOptions o;
  o.metric = std::make_shared<basin::Object>(spec("metric", "psnr", {}));
  o.subject.images = of(x);
  o.reference_images = of(y);
  const Result found{basin::measure(o)};
  const Tensor squares = (x.to(at::kDouble) - y.to(at::kDouble)).square().mean({1, 2, 3});  // of bytes, [4]
  double sum = 0;
  for (int64_t i : {0, 2, 3}) sum += 10 * std::log10(255 * 255 / squares[i].item<double>());
  CHECK(found["psnr"].value == Approx(sum / 3).epsilon(1e-6));
  double spread = 0;
  for (int64_t i : {0, 2, 3}) spread += std::pow(10 * std::log10(255 * 255 / squares[i].item<double>()) - sum / 3, 2);
  CHECK(found["psnr"].high - sum / 3 == Approx(4.302653 * std::sqrt(spread / 2 / 3)).epsilon(1e-4));  // t of 2
  CHECK(found["psnr_of_all"].value == Approx(10 * std::log10(255 * 255 / squares.mean().item<double>())).epsilon(1e-6));
  CHECK(found["identical"].value == 1);
}

TEST_CASE("MS-SSIM of a pair that are opposites is 0") {
  // In the first scale x and 255 - x have a negative likeness of structure, which has no real power.
  const Tensor x = images_of(*toy(2, 2, 3, 48), 2)->pixels;
  basin::MeasureOptions o;
  o.metric = std::make_shared<basin::Object>(spec("metric", "ms_ssim", {{"window", int64_t{3}}}));
  o.subject.images = of(x);
  o.reference_images = of(255 - x);
  CHECK(Result{basin::measure(o)}["ms_ssim"].value == 0);
}

TEST_CASE("the scales of MS-SSIM fit the shorter side") {
  const auto wide = [](int64_t height, int64_t width) {
    basin::MeasureOptions o;
    o.metric = std::make_shared<basin::Object>(spec("metric", "ms_ssim", {}));
    o.subject.images = of(images_of(*toy(2, 2, 3, 32), 2)->pixels.slice(2, 0, height).slice(3, 0, width));
    o.reference_images = of(images_of(*toy(2, 3, 3, 32), 2)->pixels.slice(2, 0, height).slice(3, 0, width));
    return basin::measure(o)["protocol"]["scales"].get<std::string>();
  };
  CHECK(wide(32, 32).starts_with("2"));
  CHECK(wide(32, 16).starts_with("1"));
  CHECK(wide(16, 32).starts_with("1"));
}

TEST_CASE("SSIM is scikit-image's and pytorch-msssim's") {
  const double found = of_pairs("ssim", {{"batch", int64_t{3}}}, 4, 48)["ssim"].value;
  CHECK(found == Approx(ssim_by_skimage).epsilon(1e-6));
  CHECK(found == Approx(ssim_by_pytorch_msssim).epsilon(1e-6));
}

TEST_CASE("MS-SSIM is pytorch-msssim's, of five scales and of three") {
  const Result five = of_pairs("ms_ssim", {}, 2, 176);
  CHECK(five["ms_ssim"].value == Approx(ms_ssim_of_5).epsilon(1e-6));
  CHECK(five.json["protocol"]["scales"] == "5");
  const Result three = of_pairs("ms_ssim", {{"window", int64_t{3}}, {"scales", int64_t{3}}}, 4, 48);
  CHECK(three["ms_ssim"].value == Approx(ms_ssim_of_3).epsilon(1e-6));
}

TEST_CASE("LPIPS of pairs is the mean squared distance of their features") {
  const Result found = of_pairs("lpips", with_pixels({{"batch", int64_t{3}}}), 4, 48);
  const Result psnr = of_pairs("psnr", {}, 4, 48);
  const double squared = 4 / std::pow(10, psnr["psnr_of_all"].value / 10);  // the mean of one pixel
  CHECK(found["lpips"].value == Approx(squared * 3 * 48 * 48).epsilon(1e-6));
  const Tensor x = images_of(*toy(4, 2, 3, 48), 4)->pixels, z = images_of(*toy(4, 3, 3, 48), 4)->pixels;
  const Tensor y = at::div(x.to(at::kInt) * 3 + z.to(at::kInt), 4, "floor");
  const Tensor each = ((x.to(at::kDouble) - y.to(at::kDouble)) / 127.5).square().sum({1, 2, 3});  // [4]
  CHECK(found["lpips"].high - found["lpips"].value ==
        Approx(3.182446 * each.std().item<double>() / 2).epsilon(1e-4));  // t of 3
}

TEST_CASE("MMD with a Gaussian kernel is scipy's, and its interval numpy's jackknife") {
  const Result found = of_sets("mmd", with_pixels({{"batch", int64_t{37}}}));
  CHECK(found["bandwidth"].value == Approx(median).epsilon(1e-6));
  CHECK(found["mmd"].value == Approx(kernel).epsilon(1e-6));
  CHECK(found["mmd"].high - found["mmd"].value == Approx(kT19 * kernel_error).epsilon(1e-4));
  CHECK(of_sets("mmd", {{"bandwidth", 0.5}})["mmd"].value == Approx(kernel_of_half).epsilon(1e-6));  // of pixels
}

TEST_CASE("MMD's median of many items is that of some spread over all of them") {
  // Values that rise evenly from -1 to 1: of two uniform numbers the distance exceeds d with (1 - d / 2)^2.
  const Tensor rising = (at::arange(1500, at::kDouble) * (255.0 / 1499)).round().to(at::kByte).reshape({1500, 1, 1, 1});
  basin::MeasureOptions o;
  o.metric = std::make_shared<basin::Object>(spec("metric", "mmd", {{"groups", int64_t{0}}}));
  o.subject.images = of(rising);
  o.reference_images = of(rising);
  CHECK(Result{basin::measure(o)}["bandwidth"].value == Approx(2 - std::sqrt(2.0)).margin(0.01));
}

TEST_CASE("the divergence of Gaussians is torch's, of the data from the images") {
  CHECK(of_sets("gaussian_kl", with_pixels({{"batch", int64_t{37}}}))["gaussian_kl"].value ==
        Approx(divergence).epsilon(1e-6));
}

TEST_CASE("the sliced Wasserstein distance on a line is scipy's and POT's") {
  for (const auto& [order, wanted] : {std::pair{1.0, wasserstein_1}, {2.0, wasserstein_2}}) {
    const Result found = of_sets("sliced_wasserstein", {{"order", order}, {"batch", int64_t{37}}}, 1, 1);
    CHECK(found["sliced_wasserstein"].value == Approx(wanted).epsilon(1e-6));
    CHECK(found["sliced_wasserstein"].high == Approx(wanted).epsilon(1e-6));  // all directions are the same
  }
}

TEST_CASE("diversity is the mean over all pairs of scipy's distances, and its interval the jackknife's") {
  const Result found = of_sets("diversity", with_pixels({{"batch", int64_t{37}}}));
  CHECK(found["diversity"].value == Approx(diversity).epsilon(1e-6));
  CHECK(found["diversity"].high - found["diversity"].value == Approx(kT19 * diversity_error).epsilon(1e-4));
}

TEST_CASE("nearest neighbours are scipy's") {
  for (const Options& options : {with_pixels({{"batch", int64_t{37}}}), Options{}}) {
    const Result found = of_sets("nearest_neighbours", options);
    CHECK(found["nearest"].value == Approx(nearest).epsilon(1e-6));
    CHECK(found["closest"].value == Approx(closest).epsilon(1e-6));
    CHECK(found["different_neighbours"].value == different);
    const std::vector<double> at = found.curve("neighbour");
    for (size_t i = 0; i < std::size(neighbours); i++) CHECK(at[i] == static_cast<double>(neighbours[i]));
  }
}

TEST_CASE("metrics of sets and of pairs refuse what they cannot compare, in a sentence") {
  const auto data = toy(30, 2, 2, 2);
  const auto said = [&](const std::string& metric, const Options& options,
                        std::shared_ptr<const basin::Dataset> reference) {
    return refusal([&] { measure(metric, options, {images_of(*data, 30), nullptr, nullptr}, reference); });
  };
  for (const char* metric : {"mmd", "sliced_wasserstein", "nearest_neighbours"}) {
    CHECK(contains(said(metric, {}, nullptr), "30 images and 0 items"));
    CHECK(contains(said(metric, with_pixels(), nullptr), "30 images and 0 items"));
    Options broken = {{"features", std::make_shared<const basin::Spec>(spec("model", "toy_broken"))}};
    CHECK(contains(said(metric, broken, data), "A feature of images 1 to 30 is infinite or not a number"));
  }
  for (const char* metric : {"psnr", "ssim"}) {
    CHECK(contains(said(metric, {}, toy(29, 2, 2, 2)), "there are 30 images and 29 to compare them with"));
    CHECK(contains(said(metric, {}, nullptr), "there are 30 images and 0 to compare them with"));
  }
  CHECK(contains(said("psnr", {}, data), "All 30 pairs are identical"));
  CHECK(contains(said("mmd", {}, toy(30, 3, 3, 2)), "the data set's items have [3, 2, 2]"));
}
