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
}

TEST_CASE("MMD with a Gaussian kernel is scipy's, and its interval numpy's jackknife") {
  const Result found = of_sets("mmd", with_pixels({{"batch", int64_t{37}}}));
  CHECK(found["bandwidth"].value == Approx(median).epsilon(1e-6));
  CHECK(found["mmd"].value == Approx(kernel).epsilon(1e-6));
  CHECK(found["mmd"].high - found["mmd"].value == Approx(kT19 * kernel_error).epsilon(1e-4));
  CHECK(of_sets("mmd", {{"bandwidth", 0.5}})["mmd"].value == Approx(kernel_of_half).epsilon(1e-6));  // of pixels
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
