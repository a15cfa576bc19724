// The metrics of the loss landscape on models whose loss is known by other means: a quadratic, and a network whose
// Hessian is formed whole.
#include "measure/landscape.hpp"

#include "measure/metric.hpp"

namespace {

using namespace test;

nlohmann::json measured(const std::string& metric, const Options& options, std::shared_ptr<basin::Model> model) {
  basin::MeasureOptions o;
  o.metric = object("metric", metric, options);
  o.subject.model = std::move(model);
  o.reference = gaussian();
  o.process = cosine();
  o.seed = 7;
  return basin::measure(o);
}

const nlohmann::json& named(const nlohmann::json& list, const std::string& name) {
  for (const auto& item : list)
    if (item["name"] == name) return item;
  throw std::runtime_error("nothing is called " + name);
}
double number(const nlohmann::json& result, const std::string& name, const char* what = "value") {
  return named(result["scalars"], name)[what];
}
std::vector<double> curve(const nlohmann::json& result, const std::string& name, const char* axis = "y") {
  return named(result["curves"], name)[axis];
}
std::vector<std::vector<double>> grid(const nlohmann::json& result, const std::string& name, const char* what = "z") {
  return named(result["grids"], name)[what];
}
double mean(const std::vector<double>& v) {
  return std::accumulate(v.begin(), v.end(), 0.0) / static_cast<double>(v.size());
}

std::shared_ptr<basin::Model> small() {
  auto m = model("small");
  randomize(*m, 3, 0.5);
  return m;
}
// Weights at which the four parameters matter alike.
std::shared_ptr<basin::Model> line() {
  auto m = model("line");
  at::NoGradGuard no_grad;
  m->parameters().groups()[0].values.copy_(at::tensor({0.5f, 0.9f, 0.0003f, 0.2f}));
  m->initial = false;
  return m;
}

}  // namespace

TEST_CASE("hessian finds the eigenvalues, the trace and the density of the Hessian formed whole") {
  const auto m = small();
  const Tensor before = arena(m->parameters());
  const Expansion exact = expansion_of_small(*m, *gaussian());
  const Tensor values = at::linalg_eigvalsh(exact.hessian);  // ascending
  const int64_t n = values.numel();
  const auto result = measured("hessian",
                               {{"images", kItems},
                                {"top", int64_t{4}},
                                {"iterations", int64_t{80}},
                                {"tolerance", 1e-5},
                                {"probes", int64_t{20}},
                                {"density", int64_t{12}},
                                {"bands", int64_t{4}}},
                               m);
  CHECK(same_bits(arena(m->parameters()), before));
  const double largest = values[n - 1].item<double>();
  CHECK(number(result, "top_eigenvalue") == Approx(largest).epsilon(1e-5));
  CHECK(number(result, "lowest_eigenvalue") == Approx(values[0].item<double>()).margin(1e-4 * largest));
  const auto found = curve(result, "eigenvalues"), low = curve(result, "eigenvalues", "low"),
             high = curve(result, "eigenvalues", "high");
  REQUIRE(found.size() == 4);
  for (size_t i = 0; i < 4; i++) {
    const double expected = values[n - 1 - static_cast<int64_t>(i)].item<double>();
    CHECK(found[i] == Approx(expected).margin(2e-5 * largest));
    CHECK(low[i] - 1e-5 * largest <= expected);
    CHECK(expected <= high[i] + 1e-5 * largest);
  }

  const double trace = exact.hessian.trace().item<double>(),
               half = number(result, "trace", "high") - number(result, "trace");
  CHECK(std::abs(number(result, "trace") - trace) < 1.5 * half);
  // Var(v'Hv) = 2 (|H|^2 - |diag H|^2) of random signs: the interval is as long as it should be.
  const double off = (exact.hessian.square().sum() - exact.hessian.diagonal().square().sum()).item<double>();
  CHECK(half == Approx(2.09 * std::sqrt(2 * off / 20)).epsilon(0.4));

  // The density: mass 1, mean tr H / n, second moment |H|^2 / n and the bumps' own.
  const auto x = curve(result, "spectral_density", "x"), y = curve(result, "spectral_density");
  double mass = 0, first = 0, second = 0;
  for (size_t i = 0; i < x.size(); i++) {
    const double w = y[i] * (x[1] - x[0]);
    mass += w, first += w * x[i], second += w * x[i] * x[i];
  }
  const double nodes = static_cast<double>(n), s = 0.01 * (x.back() - x.front()) / 1.08;
  CHECK(mass == Approx(1).epsilon(1e-3));
  CHECK(first == Approx(number(result, "trace") / nodes).epsilon(1e-3));
  const Tensor square = at::mm(exact.hessian, exact.hessian);
  const double spread = (square.square().sum() - square.diagonal().square().sum()).item<double>();
  CHECK(std::abs(second - square.trace().item<double>() / nodes - s * s) < 3 * std::sqrt(2 * spread / 20) / nodes);

  // Bands have as many images each, so their traces' mean is the trace.
  CHECK(mean(curve(result, "trace")) == Approx(number(result, "trace")).epsilon(1e-4));
  CHECK(curve(result, "top_eigenvalue").size() == 4);
  // The largest eigenvalue is convex: that of a mean is no more than the mean of the bands'.
  CHECK(mean(curve(result, "top_eigenvalue")) >= largest * (1 - 1e-4));
}

TEST_CASE("hessian of a quadratic with four parameters: Lanczos ends when there is nothing more") {
  const auto m = line();
  const Tensor values = at::linalg_eigvalsh(expansion_of_line(*m, *gaussian()).hessian);
  const auto result = measured("hessian", {{"images", kItems}, {"top", int64_t{9}}, {"bands", int64_t{0}}}, m);
  CHECK(number(result, "top_eigenvalue") == Approx(values[3].item<double>()).epsilon(1e-5));
  CHECK(curve(result, "eigenvalues").size() <= 4);
  CHECK(says(refusal([&] { measured("hessian", {{"images", int64_t{1}}}, m); }), {"images", "2"}));
}

TEST_CASE("loss_along a quadratic: gradient and top direction are closed forms, random ones have their mean") {
  const auto m = line();
  const Tensor before = arena(m->parameters());
  const Expansion exact = expansion_of_line(*m, *gaussian());
  const std::vector<double> radii = {1e-4, 3e-4, 1e-3};
  const auto result = measured("loss_along",
                               {{"images", kItems},
                                {"radii", radii},
                                {"norm", std::string("absolute")},
                                {"draws", int64_t{100}},
                                {"bands", int64_t{4}}},
                               m);
  CHECK(same_bits(arena(m->parameters()), before));
  CHECK(number(result, "loss") == Approx(exact.loss).epsilon(1e-6));
  CHECK(number(result, "weight_norm") == Approx(before.norm().item<double>()).epsilon(1e-6));
  const Tensor g = exact.gradient / exact.gradient.norm();
  const Tensor values = at::linalg_eigvalsh(exact.hessian);
  const double top = values[3].item<double>(), average = values.mean().item<double>();
  CHECK(number(result, "top_eigenvalue") == Approx(top).epsilon(1e-4));
  const auto along_g = curve(result, "loss_gradient"), along_top = curve(result, "loss_hessian"),
             random = curve(result, "loss_random"), low = curve(result, "loss_random", "low");
  REQUIRE(along_g.size() == 4);  // radius 0 first
  CHECK(along_g[0] == Approx(exact.loss).epsilon(1e-6));
  double numerator = 0, squares = 0;
  for (size_t i = 0; i < radii.size(); i++) {
    const double r = radii[i];
    INFO("radius " << r);
    CHECK(along_g[i + 1] - exact.loss == Approx(exact.rise(r * g)).epsilon(2e-3));
    CHECK(along_top[i + 1] - exact.loss == Approx(r * r * top / 2).epsilon(2e-3));
    // E over the sphere: the gradient's part has the mean 0, the Hessian's r^2 tr H / 2n.
    CHECK(std::abs(random[i + 1] - exact.loss - r * r * average / 2) < 1.5 * (random[i + 1] - low[i + 1]));
    numerator += r * exact.rise(r * g), squares += r * r;
  }
  CHECK(number(result, "slope_gradient") == Approx(numerator / squares).epsilon(2e-3));
  // Bands have as many images each: the mean of their rises is the rise.
  const auto rises = grid(result, "rise_gradient");
  REQUIRE(rises.size() == 4);
  double sum = 0;
  for (const auto& row : rises) {
    REQUIRE(row.size() == 4);
    CHECK(row[0] == 0);
    sum += row[3] / 4;
  }
  CHECK(sum == Approx(along_g[3] - along_g[0]).epsilon(1e-6));
}

TEST_CASE("loss_along a filter-normalised direction moves every filter by the same share of itself") {
  // Each parameter of "line" is a filter of its own, so that the direction is w with random signs: 16 of them.
  const auto m = line();
  const Expansion exact = expansion_of_line(*m, *gaussian());
  const Tensor w = arena(m->parameters()).to(at::kDouble);
  const double r = 0.05;  // |d| = |w|
  const auto result = measured("loss_along",
                               {{"images", kItems},
                                {"radii", std::vector<double>{r}},
                                {"draws", int64_t{1}},
                                {"along", std::string("filter_normalised")},
                                {"bands", int64_t{0}}},
                               m);
  REQUIRE(result["curves"].size() == 1);
  REQUIRE(result["grids"].empty());
  const double found = curve(result, "loss_filter_normalised")[1] - exact.loss;
  double nearest = HUGE_VAL;
  for (int signs = 0; signs < 16; signs++) {
    Tensor d = w.clone();
    for (int i = 0; i < 4; i++)
      if (signs >> i & 1) d[i] = -d[i];
    nearest = std::min(nearest, std::abs(exact.rise(r * d) / found - 1));
  }
  CHECK(nearest < 1e-3);
  CHECK(says(refusal([&] { measured("loss_along", {{"radii", std::vector<double>{0.1, 0.1}}}, m); }), {"ascending"}));
  CHECK(says(refusal([&] { measured("loss_along", {{"radii", std::vector<double>{}}}, m); }), {"one radius"}));
}

TEST_CASE("loss_surface of a quadratic along its top eigenvectors") {
  const auto m = line();
  const Tensor before = arena(m->parameters());
  const Expansion exact = expansion_of_line(*m, *gaussian());
  const Tensor values = at::linalg_eigvalsh(exact.hessian);
  const double range = 1e-3, size = before.norm().item<double>();
  const auto result = measured("loss_surface",
                               {{"images", kItems},
                                {"points", int64_t{5}},
                                {"range", range},
                                {"bands", int64_t{2}},
                                {"directions", std::string("hessian")}},
                               m);
  CHECK(same_bits(arena(m->parameters()), before));
  const auto z = grid(result, "loss");
  const std::vector<double> x = named(result["grids"], "loss")["x"], y = named(result["grids"], "loss")["y"];
  REQUIRE(z.size() == 5);
  REQUIRE(z[0].size() == 5);
  CHECK(x == y);
  CHECK(x.front() == Approx(-range));
  CHECK(x[2] == 0);
  CHECK(z[2][2] == Approx(exact.loss).epsilon(1e-6));
  for (size_t i = 0; i < 5; i++)
    for (size_t j = 0; j < 5; j++) {  // x runs along the rows: the first eigenvector
      const double both = z[j][i] + z[4 - j][4 - i] - 2 * z[2][2], a = x[i] * size, b = y[j] * size;
      const double expected = values[3].item<double>() * a * a + values[2].item<double>() * b * b;
      CHECK(both == Approx(expected).epsilon(5e-3).margin(1e-6 * exact.loss));
    }
  const auto early = grid(result, "loss, t from 0 to 500"), late = grid(result, "loss, t from 500 to 1000");
  CHECK((early[1][3] + late[1][3]) / 2 == Approx(z[1][3]).epsilon(1e-6));
  CHECK(early[2][2] == Approx(expansion_of_line(*m, *gaussian(), 0, 2).loss).epsilon(1e-6));
  CHECK(late[2][2] == Approx(expansion_of_line(*m, *gaussian(), 1, 2).loss).epsilon(1e-6));
  REQUIRE(late[2][2] != Approx(early[2][2]).epsilon(0.01));

  // What is linear has the mean 0 over the grid; a^2 and b^2 have 2 (1 + 1/4) / 5 of the range's square.
  const double square = std::pow(range * size, 2) / 2;
  CHECK(number(result, "mean_rise") ==
        Approx((values[3].item<double>() + values[2].item<double>()) * square / 2).epsilon(5e-3));
  CHECK((number(result, "mean_rise", "low") < number(result, "mean_rise")));
  double lowest = HUGE_VAL;
  for (const auto& row : z)
    for (double v : row) lowest = std::min(lowest, v);
  CHECK(number(result, "lowest") == lowest);
  CHECK(says(refusal([&] { measured("loss_surface", {{"points", int64_t{4}}}, m); }), {"odd number", "5"}));
}

TEST_CASE("loss_surface over random directions moves every filter by shares of its own norm") {
  // Each parameter of "line" is a filter of its own, so that either direction is w with random signs: 16 of them.
  const auto m = line();
  const Expansion exact = expansion_of_line(*m, *gaussian());
  const Tensor w = arena(m->parameters()).to(at::kDouble);
  const auto result =
      measured("loss_surface", {{"images", kItems}, {"points", int64_t{3}}, {"range", 0.05}, {"bands", int64_t{0}}}, m);
  const auto z = grid(result, "loss");
  const auto along = [&](int signs) {
    Tensor d = w.clone();
    for (int i = 0; i < 4; i++)
      if (signs >> i & 1) d[i] = -d[i];
    return d;
  };
  // The axes by themselves say which signs; then the corners follow.
  const auto signs_of = [&](double there) {
    int best = 0;
    for (int signs = 1; signs < 16; signs++)
      if (std::abs(exact.loss + exact.rise(0.05 * along(signs)) - there) <
          std::abs(exact.loss + exact.rise(0.05 * along(best)) - there))
        best = signs;
    return best;
  };
  const int one = signs_of(z[1][2]), two = signs_of(z[2][1]);
  CHECK((one != two && one + two != 15));  // a plane, not a line
  for (int j = -1; j <= 1; j++)
    for (int i = -1; i <= 1; i++) {
      const double rise = exact.rise(0.05 * (i * along(one) + j * along(two)));
      CHECK(z[static_cast<size_t>(j + 1)][static_cast<size_t>(i + 1)] - exact.loss ==
            Approx(rise).epsilon(1e-3).margin(1e-6 * exact.loss));
    }
}

TEST_CASE("lpf by band: as many images in each, so that the mean of the bands is the whole") {
  const auto m = small();
  const auto result = measured("lpf", {{"images", kItems}, {"bands", int64_t{4}}, {"mode", std::string("both")}}, m);
  for (const std::string name : {"lpf", "loss", "lpf_minus_loss", "lpf_filter_wise", "lpf_filter_wise_minus_loss"}) {
    INFO(name);
    CHECK(mean(curve(result, name)) == Approx(number(result, name)).epsilon(1e-6));
    CHECK(curve(result, name, "x") == std::vector<double>{125, 375, 625, 875});
  }
  const auto wise =
      measured("lpf", {{"images", kItems}, {"mode", std::string("filter_wise")}, {"bands", int64_t{0}}}, m);
  CHECK(number(wise, "lpf") == number(result, "lpf_filter_wise"));
  CHECK(wise["curves"].empty());
}

// By band against the band's own expansion: a mean over the bands would not see that they were mixed up. They are far
// apart, as the tilt's part of the Hessian grows with t^2.
TEST_CASE("by band each measurement is that of the band's own loss") {
  constexpr int64_t kBands = 4;
  const auto m = line();
  const Expansion exact = expansion_of_line(*m, *gaussian());
  std::vector<Expansion> bands;
  for (int64_t b = 0; b < kBands; b++) bands.push_back(expansion_of_line(*m, *gaussian(), b, kBands));
  REQUIRE(bands[3].loss != Approx(bands[0].loss).epsilon(0.01));

  const double sigma = 0.01;  // L(w + sigma n) - L(w) has the mean sigma^2 tr H / 2
  const auto lpf =
      measured("lpf", {{"images", kItems}, {"bands", kBands}, {"draws", int64_t{400}}, {"sigma", sigma}}, m);
  const auto hessian =
      measured("hessian", {{"images", kItems}, {"bands", kBands}, {"probes", int64_t{50}}, {"density", int64_t{1}}}, m);
  const double r = 1e-3;
  const auto along = measured("loss_along",
                              {{"images", kItems},
                               {"bands", kBands},
                               {"radii", std::vector<double>{r}},
                               {"norm", std::string("absolute")},
                               {"draws", int64_t{100}}},
                              m);
  for (const char* end : {"low", "high"})  // of the rise over all bands: the draws' alone
    CHECK(number(lpf, "lpf_minus_loss", end) - number(lpf, "lpf_minus_loss") ==
          Approx(number(lpf, "lpf", end) - number(lpf, "lpf")).epsilon(1e-6));
  const auto [values, vectors] = at::linalg_eigh(exact.hessian);
  const Tensor g = exact.gradient / exact.gradient.norm(), top = vectors.select(1, 3);
  for (size_t b = 0; b < kBands; b++) {
    const Expansion& of = bands[b];
    INFO("band " << b);
    const double trace = of.hessian.trace().item<double>();
    CHECK(curve(lpf, "loss")[b] == Approx(of.loss).epsilon(1e-5));
    const double rise = curve(lpf, "lpf_minus_loss")[b], half = curve(lpf, "lpf_minus_loss", "high")[b] - rise;
    CHECK(std::abs(rise - sigma * sigma * trace / 2) < 2 * half);  // twice the 95 % interval
    CHECK(half < 0.2 * rise);
    CHECK(curve(lpf, "lpf")[b] == Approx(of.loss + rise).epsilon(1e-5));
    CHECK(curve(lpf, "lpf", "high")[b] - curve(lpf, "lpf")[b] == Approx(half).epsilon(1e-5));

    const double off = (of.hessian.square().sum() - of.hessian.diagonal().square().sum()).item<double>();
    CHECK(std::abs(curve(hessian, "trace")[b] - trace) < 4 * std::sqrt(2 * off / 50));
    CHECK(curve(hessian, "top_eigenvalue")[b] ==
          Approx(at::linalg_eigvalsh(of.hessian)[3].item<double>()).epsilon(1e-4));

    CHECK(grid(along, "rise_gradient")[b][1] == Approx(of.rise(r * g)).epsilon(5e-3).margin(1e-5));
    CHECK(grid(along, "rise_hessian")[b][1] ==
          Approx((of.rise(r * top) + of.rise(-r * top)) / 2).epsilon(5e-3).margin(1e-5));
    const double random = grid(along, "rise_random")[b][1];
    CHECK(std::abs(random - r * r * trace / 8) < 2 * (random - grid(along, "rise_random", "low")[b][1]));
  }
}
