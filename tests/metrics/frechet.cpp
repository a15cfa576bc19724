// fid beside the programs that it is known by (make_fixtures.py): their numbers, their files of statistics, its memory.
#include <filesystem>
#include <fstream>

#include "fixtures.inc"
#include "support.hpp"

namespace {

using namespace test;
using basin::Subject;

Options with_pixels(Options options, const std::string& extractor = "toy_features") {
  options.push_back({"features", std::make_shared<const basin::Spec>(spec("model", extractor))});
  return options;
}
std::shared_ptr<basin::Dataset> toy(int64_t count, int64_t seed, int64_t channels = 2, int64_t size = 2) {
  return dataset("toy_data", {{"count", count}, {"seed", seed}, {"channels", channels}, {"size", size}});
}
Result against(const std::string& file) {
  return measure("fid", with_pixels({{"statistics", file}, {"groups", int64_t{10}}}), {nullptr, nullptr, toy(300, 2)},
                 nullptr);
}
std::string fixture(const std::string& name) { return BASIN_TESTS "/metrics/" + name; }

// The most memory that this process has held, in MiB.
double peak() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmHWM:")) return std::stod(line.substr(6)) / 1024;
  throw std::runtime_error("no VmHWM");
}

}  // namespace

TEST_CASE("FID is that of pytorch-fid, clean-fid and torch-fidelity on the same features") {
  const Result found = measure("fid", with_pixels({}), {nullptr, nullptr, toy(300, 2, 4, 4)}, toy(400, 3, 4, 4));
  for (const double theirs : {fid_by_pytorch_fid, fid_by_clean_fid, fid_by_torch_fidelity}) {
    INFO("they " << theirs << ", here " << found["fid"].value);
    CHECK(std::abs(found["fid"].value - theirs) < 1e-6 * theirs);
  }
  CHECK(found.json["protocol"]["numbers"] == "64 features, 300 images against 400");
  const std::string features = found.json["protocol"]["features"];
  CHECK(contains(features, "toy_features, weights "));
}

TEST_CASE("FID of infinitely many images is where the line through numpy's distances ends") {
  const Result found =
      measure("fid", with_pixels({{"points", int64_t{6}}}), {nullptr, nullptr, toy(300, 2)}, toy(400, 3));
  CHECK(found["fid_infinity"].value == Approx(fid_infinity).epsilon(1e-6));
  CHECK(found.curve("fid over the number of images").at(1) == found["fid"].value);
}

TEST_CASE("the Inception Score is torch-fidelity's") {
  const Result found = measure("inception_score", with_pixels({{"splits", int64_t{7}}, {"batch", int64_t{37}}}),
                               {nullptr, nullptr, toy(300, 2)}, nullptr);
  CHECK(found["inception_score"].value == Approx(score).epsilon(1e-6));
  CHECK(found["inception_score_spread"].value == Approx(score_spread).epsilon(1e-6));
  CHECK(found["inception_score"].high - found["inception_score"].value ==
        Approx(2.446912 * score_spread / std::sqrt(7.0)).epsilon(1e-5));  // Student's t of 6 degrees of freedom
}

TEST_CASE("statistics are read as pytorch-fid, EDM and guided-diffusion keep them") {
  for (const auto& [file, arrays] : {std::pair{"pytorch_fid.npz", "mu and sigma"},
                                     {"edm.npz", "mu and sigma"},
                                     {"openai.npz", "mu_s and sigma_s"}}) {
    INFO(file);
    const Result found = against(fixture(file));
    CHECK(found["fid"].value == Approx(fid_value).epsilon(std::string(file) == "edm.npz" ? 1e-5 : 1e-6));
    CHECK(found["fid"].high - found["fid"].value == Approx(2.262157 * fid_error).epsilon(1e-4));
    CHECK(found.json["protocol"]["numbers"] == "8 features, 300 images against an unknown number");
    CHECK(found.json["protocol"]["reference"] ==
          std::string(file) + ": " + arrays + "; its extractor is not known, only the number of features was compared");
  }
}

TEST_CASE("statistics that do not fit are refused in a sentence") {
  const auto other_size = [](const std::string& file) {
    return refusal([&] {
      measure("fid", with_pixels({{"statistics", fixture(file)}}), {nullptr, nullptr, toy(300, 2, 3)}, nullptr);
    });
  };
  CHECK(contains(other_size("edm.npz"), "are of 8 features, and the extractor gives 12"));
  CHECK(contains(other_size("openai.npz"), "are of 5 and 8 features, and the extractor gives 12"));
  CHECK(contains(refusal([] { against(fixture("fixtures.inc")); }), "is no zip archive"));
  CHECK(contains(refusal([] { against(fixture("nan.npz")); }), "The array sigma of"));
  CHECK(contains(refusal([] { against(fixture("nan.npz")); }), "infinite or not a number"));
  CHECK(contains(refusal([] { against(fixture("no_mu.npz")); }), "has no array mu"));
  CHECK(contains(refusal([] { against(fixture("negative.npz")); }), "is no covariance: it has negative variances."));
  CHECK(contains(refusal([] { against(fixture("skew.npz")); }), "is no covariance: it is not symmetric."));
  CHECK(contains(refusal([] { against(fixture("flat.npz")); }), "<f8 (64), which is no shape for it"));
}

TEST_CASE("statistics that were written say whose they are, and compare as the data do") {
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("basin-statistics-" + std::to_string(getpid()));
  std::filesystem::create_directory(folder);
  const std::string file = (folder / "written.npz").string();
  const Result written =
      measure("feature_statistics", with_pixels({{"to", file}}), {nullptr, nullptr, toy(400, 3)}, nullptr);
  CHECK(written["count"].value == 400);
  const Tensor pixels = images_of(*toy(400, 3), 400)->pixels.flatten(1).to(at::kDouble) / 127.5 - 1;
  CHECK(written["variance"].value == Approx(pixels.var(0).sum().item<double>()).epsilon(1e-6));  // with n - 1
  const Result found = against(file);
  CHECK(found["fid"].value == Approx(fid_value).epsilon(1e-6));
  CHECK(found.json["protocol"]["numbers"] == "8 features, 300 images against 400");
  const std::string said = refusal([&] {
    measure("fid", with_pixels({{"statistics", file}}, "toy_doubled"), {nullptr, nullptr, toy(300, 2)}, nullptr);
  });
  CHECK(contains(said, "are of the features of toy_features, weights "));
  CHECK(contains(said, "and these are of toy_doubled, weights "));
  std::filesystem::remove_all(folder);
}

TEST_CASE("the features of an untrained network are called so") {
  const auto called = [](const char* metric, const Options& options) {
    return measure(metric, options, {nullptr, nullptr, toy(300, 2)}, toy(400, 3)).json["protocol"]["extractor"];
  };
  CHECK(called("fid", with_pixels({})) == "toy_features, untrained");
}

TEST_CASE("features that are no numbers are refused, with the place") {
  const auto said = [](const std::string& metric) {
    return refusal([&] {
      measure(metric, with_pixels({{"batch", int64_t{50}}}, "toy_broken"), {nullptr, nullptr, toy(300, 2)},
              toy(400, 3));
    });
  };
  for (const char* metric : {"fid", "kid", "precision_recall", "inception_score", "feature_statistics"}) {
    INFO(metric);
    CHECK(contains(said(metric), "A feature of "));
    CHECK(contains(said(metric), "1 to 50 is infinite or not a number"));
  }
}

#ifndef __SANITIZE_ADDRESS__  // which keeps freed memory back
TEST_CASE("FID's memory does not grow with the number of images") {
  const auto run = [](int64_t count) {
    measure("fid", with_pixels({{"groups", int64_t{2}}}), {nullptr, nullptr, toy(count, 2, 3, 12)}, toy(500, 3, 3, 12));
    return peak();
  };
  run(500);
  const double few = run(500), many = run(20000);  // whose features in double are 66 MiB, in float 33
  INFO(few << " MiB, " << many << " MiB");
  CHECK(many - few < 10);
}
#endif
