// Post-hoc EMA (Karras et al. 2024, arXiv 2312.02696, section 3): averages whose length is chosen after the training.
// Weights are averaged with power functions of time,
//
//   a_g(t) = (g + 1) / t^(g + 1) * integral from 0 to t of s^g w(s) ds
//   a_g(t) = b a_g(t - 1) + (1 - b) w(t),   b = (1 - 1/t)^(g + 1)        after every step
//
// for the few exponents g that are tracked; every so often each tracked average is kept as a snapshot. Afterwards the
// average of any exponent at the end of the training is the sum of snapshots whose profile is nearest to its own in
// least squares (section 3.2; coefficients scaled to sum to 1). A profile is named by its width in units of the
// time trained, sigma_rel = sqrt((g + 1) / ((g + 2)^2 (g + 3))).
#include <algorithm>
#include <basin/basin.hpp>
#include <cmath>

namespace {
using namespace basin;

double width(double g) { return std::sqrt((g + 1) / ((g + 2) * (g + 2) * (g + 3))); }

// The exponent of a width: the largest root of g^3 + 7 g^2 + (16 - s^-2) g + 12 - s^-2. The width falls with g > -1.
double exponent(double sigma_rel) {
  double low = 0, high = 1e6;
  for (int i = 0; i < 200; ++i) (width((low + high) / 2) > sigma_rel ? low : high) = (low + high) / 2;
  return low;
}

struct Profile {
  double g, t;
};
// Integral of the product of two profiles.
double product(const Profile& a, const Profile& b) {
  const double ratio = std::min(a.t, b.t) / std::max(a.t, b.t);
  return (a.g + 1) * (b.g + 1) * std::pow(ratio, a.t < b.t ? b.g : a.g) / ((a.g + b.g + 1) * std::max(a.t, b.t));
}

struct PostHocEma {
  static constexpr const char* name = "post_hoc_ema";
  static constexpr const char* summary =
      "Post-hoc EMA (Karras et al. 2024, arXiv 2312.02696): averages whose length is chosen after the training.";
  std::vector<double> tracked;
  double sigma_rel, gamma;
  int64_t every;

  static auto parameters() {
    return declare(
        numbers("tracked", &PostHocEma::tracked, {0.05, 0.1}, "Widths sigma_rel of the averages that are kept up.")
            .between(0.001, 0.28),
        integer("every", &PostHocEma::every, 1000, "Steps between snapshots, each of as many weights as are tracked.")
            .at_least(1)
            .unit("steps"),
        number("sigma_rel", &PostHocEma::sigma_rel, 0.05, "Width of the average that is given.").between(0.001, 0.28),
        number("gamma", &PostHocEma::gamma, 0, "Its exponent in place of the width; 0: by sigma_rel.").at_least(0));
  }
  void check() {
    if (tracked.size() < 2) throw error("A profile is put together from two others or more: give tracked two widths.");
  }

  Parameters parameters_;
  State state_;
  std::vector<std::vector<Tensor>> averages;  // by what is tracked, then by group, [n]
  Tensor steps, made_with;                    // [] int64; [1 + tracked] float64: every, tracked

  void start(Parameters p, State state) {
    parameters_ = p, state_ = state;
    for (size_t k = 0; k < tracked.size(); ++k) averages.push_back(arenas("now", k));
    steps = state.tensor("steps", {}, Type::int64);
    made_with = state.tensor("made_with", {1 + static_cast<int64_t>(tracked.size())}, Type::float64);
  }

  void update(const Context&) {
    const int64_t t = steps_done() + 1;
    if (t == 1) made_with.copy_(Tensor::from(settings()));
    for (size_t k = 0; k < tracked.size(); ++k) {
      const double kept = std::pow(1 - 1 / static_cast<double>(t), exponent(tracked[k]) + 1);
      for (size_t i = 0; i < averages[k].size(); ++i) averages[k][i].lerp_(parameters_[i].values, 1 - kept);
      if (t % every) continue;
      const std::vector<Tensor> kept_now = arenas(std::to_string(t), k);
      for (size_t i = 0; i < kept_now.size(); ++i) kept_now[i].copy_(averages[k][i]);
    }
    steps.add_(1);
  }

  Tensor average(uint32_t group) {
    const int64_t t = steps_done();
    if (t == 0) return parameters_[group].values.clone();
    const double wanted = gamma ? gamma : exponent(sigma_rel);
    for (size_t k = 0; k < tracked.size(); ++k)  // no sum is nearer than itself
      if (std::abs(exponent(tracked[k]) - wanted) < 1e-9 * wanted) return averages[k].at(group).clone();

    std::vector<Profile> have;
    std::vector<Tensor> weights;
    for (int64_t at = every; at < t + every; at += every)
      for (size_t k = 0; k < tracked.size(); ++k) {
        have.push_back({exponent(tracked[k]), static_cast<double>(std::min(at, t))});
        weights.push_back(at < t ? arenas(std::to_string(at), k).at(group) : averages[k].at(group));
      }
    const std::vector<double> x = nearest({wanted, static_cast<double>(t)}, have);
    Tensor sum = Tensor::zeros(weights[0].sizes(), Type::float32, weights[0]);
    for (size_t i = 0; i < x.size(); ++i) sum.add_(weights[i], x[i]);
    return sum;
  }

 private:
  std::vector<Tensor> arenas(const std::string& when, size_t k) const {
    return state_arenas(parameters_, state_, "profile" + std::to_string(k + 1) + "." + when);
  }
  std::vector<double> settings() const {
    std::vector<double> all{static_cast<double>(every)};
    all.insert(all.end(), tracked.begin(), tracked.end());
    return all;
  }
  int64_t steps_done() const {
    const auto t = static_cast<int64_t>(steps.item());
    if (t < 0 || t / every > 100000) throw error("The state of post_hoc_ema is damaged: its count of steps cannot be.");
    if (t > 0 && made_with.values<double>() != settings())
      throw error(
          "The snapshots were made with other values of every and tracked: only sigma_rel and gamma can be chosen "
          "afterwards.");
    return t;
  }

  // x that minimises |sum of x_i have_i - wanted|, scaled to sum to 1.
  std::vector<double> nearest(const Profile& wanted, const std::vector<Profile>& have) const {
    static const Op solve(
        "aten::linalg_lstsq(Tensor self, Tensor b, float? rcond=None, *, str? driver=None) -> (Tensor solution, Tensor "
        "residuals, Tensor rank, Tensor singular_values)");
    const auto n = static_cast<int64_t>(have.size());
    std::vector<double> a, b;
    for (const Profile& row : have) {
      for (const Profile& column : have) a.push_back(product(row, column));
      b.push_back(product(row, wanted));
    }
    std::vector<double> x =
        solve.multi(Tensor::from(a).reshape({n, n}), Tensor::from(b).reshape({n, 1}), 1e-15, "gelsd")[0]
            .values<double>();
    // |sum - wanted|^2 / |wanted|^2
    const double size = product(wanted, wanted);
    double off = size, total = 0;
    for (size_t i = 0; i < x.size(); ++i) {
      total += x[i], off -= 2 * x[i] * b[i];
      for (size_t j = 0; j < x.size(); ++j) off += x[i] * x[j] * a[i * x.size() + j];
    }
    off = std::sqrt(std::max(off, 0.0) / size);
    if (!(off < 0.05)) {
      const auto [least, most] =
          std::minmax_element(have.begin(), have.end(), [](auto& p, auto& q) { return p.g < q.g; });
      char text[300];  // in what was asked for
      std::snprintf(text, sizeof text,
                    "The profile of %s %.4g lies outside what the %zu snapshots span (they would miss it by %.0f %%): "
                    "ask for one nearer to the tracked ones, %.4g to %.4g, or train with more snapshots.",
                    gamma ? "gamma" : "sigma_rel", gamma ? gamma : sigma_rel, have.size(), 100 * off,
                    gamma ? least->g : width(most->g), gamma ? most->g : width(least->g));
      throw error(text);
    }
    for (double& v : x) v /= total;
    return x;
  }
};

}  // namespace

BASIN_PLUGIN("post_hoc_ema", "0.1.0", "Apache-2.0", "Post-hoc EMA.", AveragerComponent<PostHocEma>)
