// fid and kid against numpy and scipy (make_fixtures.py), on features that are the pixels themselves.
#include <numeric>

#include "fixtures.inc"
#include "support.hpp"

namespace {

using namespace test;

Result compare(const std::string& metric, Options options, int64_t images = 300) {
  const auto features = std::make_shared<const basin::Spec>(spec("model", "toy_features"));
  options.push_back({"features", features});
  auto x = dataset("toy_data", {{"count", int64_t{300}}, {"seed", int64_t{2}}});
  auto y = dataset("toy_data", {{"count", int64_t{400}}, {"seed", int64_t{3}}});
  return measure(metric, options, {images_of(*x, images), nullptr, nullptr}, y);
}

// The squared discrepancy by plain loops, of rows `i` of x and `j` of y.
double plain_mmd(const Tensor& x, const Tensor& y, const std::vector<int64_t>& i, const std::vector<int64_t>& j) {
  const auto d = x.size(1);
  const double* a = x.const_data_ptr<double>();
  const double* b = y.const_data_ptr<double>();
  auto k = [&](const double* p, const double* q) {
    double dot = 0;
    for (int64_t n = 0; n < d; n++) dot += p[n] * q[n];
    return std::pow(dot / static_cast<double>(d) + 1, 3);
  };
  double xx = 0, yy = 0, xy = 0;
  for (size_t r = 0; r < i.size(); r++)
    for (size_t c = 0; c < i.size(); c++)
      if (r != c) xx += k(a + i[r] * d, a + i[c] * d);
  for (size_t r = 0; r < j.size(); r++)
    for (size_t c = 0; c < j.size(); c++)
      if (r != c) yy += k(b + j[r] * d, b + j[c] * d);
  for (int64_t r : i)
    for (int64_t c : j) xy += k(a + r * d, b + c * d);
  const auto n = static_cast<double>(i.size()), m = static_cast<double>(j.size());
  return xx / (n * (n - 1)) + yy / (m * (m - 1)) - 2 * xy / (n * m);
}

Tensor features_of(int64_t count, int64_t seed) {
  auto data = dataset("toy_data", {{"count", count}, {"seed", seed}});
  return (images_of(*data, count)->pixels.flatten(1).to(at::kDouble) / 127.5 - 1).contiguous();
}

}  // namespace

TEST_CASE("FID is scipy's, for every batch size, and its interval is the jackknife's") {
  for (int64_t batch : {1000, 128, 7}) {
    const Result result = compare("fid", {{"batch", batch}, {"groups", int64_t{10}}});
    CHECK(result["fid"].value == Approx(fid_value).epsilon(1e-6));
    const double t = 2.262157;  // 9 degrees of freedom
    CHECK(result["fid"].high - result["fid"].value == Approx(t * fid_error).epsilon(1e-4));
    CHECK(result["fid"].value - result["fid"].low == Approx(t * fid_error).epsilon(1e-4));
  }
}

TEST_CASE("FID of fewer images than features is the singular limit, and has no interval") {
  const Result result = compare("fid", {}, 6);
  CHECK(result["fid"].value == Approx(fid_rank_deficient).epsilon(1e-6));
  CHECK(std::isnan(result["fid"].low));
}

TEST_CASE("FID of a set with itself is zero") {
  auto x = dataset("toy_data", {{"count", int64_t{300}}, {"seed", int64_t{2}}});
  const auto features = std::make_shared<const basin::Spec>(spec("model", "toy_features"));
  const Result result = measure("fid", {{"features", features}}, {nullptr, nullptr, x}, x);
  CHECK(std::abs(result["fid"].value) < 1e-8);
}

TEST_CASE("KID of subsets scatters around the estimate from everything") {
  const Result result = compare("kid", {{"subsets", int64_t{200}}, {"subset_size", int64_t{100}}});
  const double error = result["kid_spread"].value / std::sqrt(200.0);
  CHECK(std::abs(result["kid"].value - mmd_value) < 4 * error);
  CHECK(error < 0.02 * mmd_value);
  // 100 out of 300: the interval is t * spread * sqrt(1/2 + 1/200).
  const double half = result["kid"].high - result["kid"].value;
  CHECK(half == Approx(1.971957 * result["kid_spread"].value * std::sqrt(0.5 + 1 / 200.0)).epsilon(1e-4));
}

TEST_CASE("the plain double loop is numpy's closed form, on everything") {
  std::vector<int64_t> i(300), j(400);
  std::iota(i.begin(), i.end(), 0), std::iota(j.begin(), j.end(), 0);
  CHECK(plain_mmd(features_of(300, 2), features_of(400, 3), i, j) == Approx(mmd_value).epsilon(1e-10));
}

TEST_CASE("KID is torch-fidelity's: exactly of one subset that is everything, and in the mean of many subsets") {
  std::vector<int64_t> all(300);
  std::iota(all.begin(), all.end(), 0);
  CHECK(plain_mmd(features_of(300, 2), features_of(300, 3), all, all) == Approx(fidelity_kid).epsilon(1e-10));
  const auto features = std::make_shared<const basin::Spec>(spec("model", "toy_features"));
  const auto side = [](int64_t seed) { return dataset("toy_data", {{"count", int64_t{300}}, {"seed", seed}}); };
  const Result result =
      measure("kid", {{"features", features}, {"subsets", int64_t{1000}}, {"subset_size", int64_t{150}}},
              {nullptr, nullptr, side(2)}, side(3));
  const double error = result["kid_spread"].value / std::sqrt(1000.0);
  CHECK(error < 0.005 * fidelity_kid);
  CHECK(std::abs(result["kid"].value - fidelity_kid) < 4 * error);
}

TEST_CASE("precision and recall are torch-fidelity's") {
  for (const int64_t k : {3, 5}) {
    const Result result = compare("precision_recall", {{"k", k}, {"batch", int64_t{33}}});
    CHECK(result["precision"].value == Approx(k == 3 ? fidelity_precision_3 : fidelity_precision_5).epsilon(1e-6));
    CHECK(result["recall"].value == Approx(k == 3 ? fidelity_recall_3 : fidelity_recall_5).epsilon(1e-6));
  }
}

TEST_CASE("KID of normal features is 3 (s^2 - r^2)^2 / d") {
  // E (u + 1)^3 of u = x y / d: E u = E u^3 = 0, E u^2 = s^2 r^2 / d for x ~ N(0, s^2 I), y ~ N(0, r^2 I) apart.
  const double s = 2, r = 1;
  const auto features = std::make_shared<const basin::Spec>(spec("model", "toy_features"));
  const auto normal = [](double std, int64_t seed) {
    return dataset("gaussian", {{"count", int64_t{4000}}, {"size", int64_t{2}}, {"std", std}, {"seed", seed}});
  };
  for (int64_t limit : {0, 2000}) {
    const Options options = {{"features", features}, {"subset_size", int64_t{500}}, {"limit", limit}};
    const Result far = measure("kid", options, {nullptr, nullptr, normal(s, 1)}, normal(r, 2));
    const Result none = measure("kid", options, {nullptr, nullptr, normal(s, 1)}, normal(s, 2));
    const double expected = 3 * (s * s - r * r) * (s * s - r * r) / 12;  // 2.25
    INFO(far["kid"].value << " in " << far["kid"].low << " to " << far["kid"].high);
    CHECK((far["kid"].low < expected && expected < far["kid"].high));
    CHECK(far["kid"].high - far["kid"].low < 0.5 * expected);
    CHECK((none["kid"].low < 0 && 0 < none["kid"].high));
  }
}

TEST_CASE("KID with a limit is that of every n-th item") {
  const auto features = std::make_shared<const basin::Spec>(spec("model", "toy_features"));
  auto x = dataset("toy_data", {{"count", int64_t{300}}, {"seed", int64_t{2}}});
  auto y = dataset("toy_data", {{"count", int64_t{400}}, {"seed", int64_t{3}}});
  const Options options = {{"features", features}, {"limit", int64_t{100}}, {"batch", int64_t{33}}};
  const Result limited = measure("kid", options, {images_of(*x, 300), nullptr, nullptr}, y);
  // The mean over 100 subsets of 50 scatters around the estimate from those 100 items.
  std::vector<int64_t> i, j;
  for (int64_t k = 0; k < 100; k++) i.push_back(3 * k), j.push_back(4 * k);
  const double all = plain_mmd(features_of(300, 2), features_of(400, 3), i, j);
  CHECK(std::abs(limited["kid"].value - all) < 4 * limited["kid_spread"].value / 10);
}

TEST_CASE("KID is the plain double loop over the subsets that the random numbers choose") {
  const int64_t subsets = 3, size = 20;
  const Result result = compare("kid", {{"subsets", subsets}, {"subset_size", size}, {"batch", int64_t{33}}});
  const Tensor x = features_of(300, 2), y = features_of(400, 3);
  auto choose = [&](uint32_t side, int64_t s, int64_t n) {
    const Tensor u = basin::draw(basin::stream_of(7, BASIN_PURPOSE_MEASURE, 0, side), BASIN_UNIFORM, {&s, 1}, {size});
    std::vector<int64_t> rest(static_cast<size_t>(n)), chosen;
    for (int64_t i = 0; i < n; i++) rest[static_cast<size_t>(i)] = i;
    for (int64_t i = 0; i < size; i++) {
      const auto at =
          static_cast<size_t>(i + static_cast<int64_t>(double{u[0][i].item<float>()} * static_cast<double>(n - i)));
      std::swap(rest[static_cast<size_t>(i)], rest[at]);
      chosen.push_back(rest[static_cast<size_t>(i)]);
    }
    return chosen;
  };
  double sum = 0;
  for (int64_t s = 0; s < subsets; s++) sum += plain_mmd(x, y, choose(1, s, 300), choose(2, s, 400));
  CHECK(result["kid"].value == Approx(sum / subsets).epsilon(1e-6));
}

TEST_CASE("Too few images are refused in a sentence") {
  CHECK(contains(refusal([] { compare("fid", {}, 1); }), "at least 2 of each, but got 1 images"));
  CHECK(contains(refusal([] { compare("kid", {}, 3); }), "at least 4 of each, but got 3 images"));
  CHECK(contains(refusal([] { compare("kid", {{"limit", int64_t{3}}}); }), "3 items (limit = 3)"));
}

TEST_CASE("precision, recall, density and coverage are what their definitions count") {
  const auto features = std::make_shared<const basin::Spec>(spec("model", "toy_features"));
  const auto x = dataset("toy_data", {{"count", int64_t{120}}, {"seed", int64_t{2}}});
  const auto y =
      dataset("gaussian", {{"count", int64_t{90}}, {"channels", int64_t{2}}, {"size", int64_t{2}}, {"std", 0.6}});
  const auto rows = [](const basin::Dataset& data, int64_t n) {
    const Tensor v = images_of(data, n)->pixels;
    const Tensor d = v.scalar_type() == at::kByte ? v.to(at::kFloat) / 127.5 - 1 : v;
    return d.flatten(1).to(at::kDouble).contiguous();
  };
  const Tensor a = rows(*x, 120), b = rows(*y, 90);
  const auto apart = [](const Tensor& p, int64_t i, const Tensor& q, int64_t j) {
    return (p[i] - q[j]).square().sum().item<double>();
  };
  const auto reach = [&](const Tensor& p, int64_t k) {
    std::vector<double> out;
    for (int64_t i = 0; i < p.size(0); i++) {
      std::vector<double> d;
      for (int64_t j = 0; j < p.size(0); j++)
        if (i != j) d.push_back(apart(p, i, p, j));
      std::sort(d.begin(), d.end());
      out.push_back(d[static_cast<size_t>(k - 1)]);
    }
    return out;
  };
  for (int64_t k : {3, 5}) {
    const auto reach_a = reach(a, k), reach_b = reach(b, k);
    double precision = 0, density = 0;
    std::vector<double> counts(120);
    std::vector<bool> recalled(90), covered(90);
    for (int64_t i = 0; i < 120; i++) {
      bool inside = false;
      for (int64_t j = 0; j < 90; j++) {
        const double d = apart(a, i, b, j);
        if (d <= reach_b[static_cast<size_t>(j)])
          inside = covered[static_cast<size_t>(j)] = true, density += 1, counts[static_cast<size_t>(i)] += 1;
        if (d <= reach_a[static_cast<size_t>(i)]) recalled[static_cast<size_t>(j)] = true;
      }
      precision += inside;
    }
    const auto share = [](const std::vector<bool>& v) {
      return static_cast<double>(std::count(v.begin(), v.end(), true)) / 90;
    };
    const Result found = measure("precision_recall", {{"features", features}, {"k", k}, {"batch", int64_t{7}}},
                                 {nullptr, nullptr, x}, y);
    CHECK(found["precision"].value == Approx(precision / 120));
    CHECK(found["recall"].value == Approx(share(recalled)));
    CHECK(found["density"].value == Approx(density / (120.0 * static_cast<double>(k))));
    CHECK(found["coverage"].value == Approx(share(covered)));
    CHECK((precision > 0 && precision < 120 && share(recalled) > 0 && share(recalled) < 1));  // it can fail
    // Wilson's interval of a share p of n: of images, or of items of the data set.
    const auto wilson = [](double p, double n) {
      const double z2 = 1.959963985 * 1.959963985;
      return 2 * std::sqrt(z2 * (p * (1 - p) / n + z2 / (4 * n * n))) / (1 + z2 / n);
    };
    CHECK(found["precision"].high - found["precision"].low == Approx(wilson(precision / 120, 120)));
    CHECK(found["recall"].high - found["recall"].low == Approx(wilson(share(recalled), 90)));
    CHECK(found["coverage"].high - found["coverage"].low == Approx(wilson(share(covered), 90)));
    const double mean = density / (120.0 * static_cast<double>(k));  // of `counts`, whose spread gives the interval
    double squares = 0;
    for (double count : counts) squares += std::pow(count / static_cast<double>(k) - mean, 2);
    CHECK(found["density"].high - mean == Approx(1.980100 * std::sqrt(squares / 119 / 120)).epsilon(1e-5));  // t of 119
  }
}
