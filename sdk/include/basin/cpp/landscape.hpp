// landscape.hpp: what measurements of the loss landscape share: the losses that are averaged, directions among the
// parameters, and the Lanczos process on the Hessian.
#pragma once
#include <algorithm>

#include "kinds/metric.hpp"
#include "op.hpp"
#include "statistics.hpp"

#pragma GCC visibility push(hidden)
namespace basin {

// The losses of a landscape: items at equal distances through the data set, each at one noise level; levels at equal
// distances through t, in an order that has nothing to do with that of the items (a stride near the golden section of
// n, without a common divisor). The same for every point and every model, which so differ by their weights only.
class LossSample {
 public:
  LossSample() = default;
  // bands: parts of equal length that t is cut into for numbers by noise level, fewer where there would not be two
  // images for each; 0: none.
  LossSample(const Measurement& m, int64_t images, int64_t bands) : steps_(m.process.steps()) {
    const int64_t n = std::min(images, m.n_reference());
    const auto divisor = [](int64_t a, int64_t b) {
      while (b) std::swap(a %= b, b);
      return a;
    };
    int64_t stride = std::max<int64_t>(1, static_cast<int64_t>(0.618034 * static_cast<double>(n)));
    while (divisor(n, stride) != 1) ++stride;
    bands_ = std::min({bands, n / 2, steps_});
    for (int64_t i = 0; i < n; ++i) {
      ids.push_back(i * m.n_reference() / n);
      levels.push_back(static_cast<double>((2 * (i * stride % n) + 1) * steps_ / (2 * n)));
    }
  }

  std::vector<int64_t> ids;
  std::vector<double> levels;

  int64_t bands() const { return bands_; }
  LossSample band(int64_t b) const {  // its items alone
    LossSample part;
    part.steps_ = steps_;
    for (size_t i = 0; i < ids.size(); ++i)
      if (band_of(i) == b) part.ids.push_back(ids[i]), part.levels.push_back(levels[i]);
    return part;
  }
  std::vector<double> of_band(int64_t b, Span<const double> losses) const {  // of the losses [n] of all items
    std::vector<double> part;
    for (size_t i = 0; i < ids.size(); ++i)
      if (band_of(i) == b) part.push_back(losses[i]);
    return part;
  }
  std::vector<double> centres() const {  // of the bands, in t
    std::vector<double> all;
    for (int64_t b = 0; b < bands_; ++b)
      all.push_back((static_cast<double>(b) + 0.5) * static_cast<double>(steps_) / static_cast<double>(bands_));
    return all;
  }
  std::vector<double> losses(const Measurement& m) const { return m.losses(ids, levels).values<double>(); }
  std::string text() const {
    return std::to_string(ids.size()) + " images, each at one noise level, levels spread evenly over t";
  }

 private:
  int64_t band_of(size_t i) const { return static_cast<int64_t>(levels[i]) * bands_ / steps_; }
  int64_t steps_ = 1, bands_ = 0;
};

// The points of a curve, or of a grid row by row.
struct Estimates {
  std::vector<double> value, low, high;
  void add(const Interval& i, double minus = 0) {
    value.push_back(i.value - minus), low.push_back(i.low - minus), high.push_back(i.high - minus);
  }
  bool with_intervals() const {
    return std::all_of(low.begin(), low.end(), [](double v) { return std::isfinite(v); });
  }
  void give_curve(Measurement& m, const std::string& name, const std::string& x_label, Span<const double> x) const {
    if (with_intervals()) m.curve(name, x_label, x, value, low, high);
    else m.curve(name, x_label, x, value);
  }
  void give_grid(Measurement& m, const std::string& name, const std::string& x_label, Span<const double> x,
                 const std::string& y_label, Span<const double> y) const {
    if (with_intervals()) m.grid(name, x_label, x, y_label, y, value, low, high);
    else m.grid(name, x_label, x, y_label, y, value);
  }
};

// --- directions among the parameters: one float32 [numel] for each group

using Direction = std::vector<Tensor>;

inline double inner(const Direction& a, const Direction& b) {
  double sum = 0;
  for (size_t g = 0; g < a.size(); ++g) sum += (a[g] * b[g]).sum().item();
  return sum;
}
inline double norm(const Direction& a) {
  double squares = 0;
  for (const Tensor& part : a) squares += std::pow(part.norm().item(), 2);
  return std::sqrt(squares);
}
inline void add(const Direction& to, const Direction& a, double factor) {
  for (size_t g = 0; g < to.size(); ++g) to[g].add_(a[g], factor);
}
inline void scale(const Direction& a, double factor) {
  for (const Tensor& part : a) part.mul_(factor);
}

// N(0, 1), or 1 and -1 with equal odds (Rademacher): number `draw`, the same for every model of these parameters.
inline Direction normal_direction(const Measurement& m, int64_t draw) {
  Direction all;
  for (uint32_t g = 0; g < m.parameters.size(); ++g) {
    const Tensor& values = m.parameters[g].values;
    all.push_back(
        normal(stream(m.context(), BASIN_PURPOSE_WEIGHTS, 0, g), {draw}, {values.numel()}, values).reshape({-1}));
  }
  return all;
}
inline Direction rademacher_direction(const Measurement& m, int64_t draw) {
  static const Op sign("aten::sign(Tensor self) -> Tensor");
  Direction all;
  for (uint32_t g = 0; g < m.parameters.size(); ++g) {
    const Tensor& values = m.parameters[g].values;
    const Tensor u = uniform(stream(m.context(), BASIN_PURPOSE_WEIGHTS, 1, g), {draw}, {values.numel()}, values);
    all.push_back(sign(u.reshape({-1}) - (0.5 - 0x1p-25)));  // never 0: u is a multiple of 2^-24
  }
  return all;
}

// Scales each filter of a direction by the norm of the model's own: a row of the first dimension, or a whole vector.
// normalise: after it has been brought to norm 1 (Li et al. 2018, arXiv 1712.09913, section 4).
inline void scale_by_filters(const Measurement& m, const Direction& direction, bool normalise) {
  for (const Parameter& p : m.parameters.list()) {
    const auto sizes = p.value.sizes();
    const Tensor part = direction[p.group].narrow(0, p.offset, p.numel);
    const bool vector = sizes.size() < 2;
    const Tensor rows = part.reshape({vector ? 1 : sizes[0], -1});
    if (normalise) rows.mul_(((rows * rows).sum({1}, true).sqrt() + 1e-10).pow(-1));
    if (vector) {
      rows.mul_(p.value.norm());
    } else {
      const Tensor own = p.value.reshape({sizes[0], -1});
      rows.mul_((own * own).sum({1}, true).sqrt());
    }
  }
}

// Where the parameters stand: to move away from, and to come back to bit for bit.
class Origin {
 public:
  explicit Origin(const Parameters& parameters) : parameters_(parameters) {
    for (const Group& group : parameters) values_.push_back(group.values.clone());
  }
  double norm() const { return basin::norm(values_); }
  void back() const {
    for (size_t g = 0; g < values_.size(); ++g) parameters_[g].values.copy_(values_[g]);
  }
  void move(const Direction& d, double by) const {
    back();
    for (size_t g = 0; g < values_.size(); ++g) parameters_[g].values.add_(d[g], by);
  }
  void move(const Direction& a, double by, const Direction& b, double by_b) const {
    move(a, by);
    for (size_t g = 0; g < values_.size(); ++g) parameters_[g].values.add_(b[g], by_b);
  }

 private:
  const Parameters& parameters_;
  Direction values_;
};

// --- the spectrum of a symmetric operator that is known by its products

// Lanczos' process with full reorthogonalisation, twice in each step (Parlett 1998, The Symmetric Eigenvalue Problem,
// sections 6.9 and 13): an orthonormal basis Q of the Krylov space in which the operator is tridiagonal, T. It holds
// as many directions as it has made steps.
class Lanczos {
 public:
  explicit Lanczos(Direction start) {
    for (const Tensor& part : start) dimension_ += part.numel();
    scale(start, 1 / norm(start));
    basis_.push_back(std::move(start));
  }
  int64_t steps() const { return static_cast<int64_t>(alpha_.size()); }
  double first() const { return alpha_.front(); }  // <v, A v> of the start v, brought to norm 1

  // One product. False where the space is exhausted: what has been found is exact then.
  template <class Product>  // Direction(const Direction&)
  bool step(Product&& product) {
    const Direction w = product(basis_.back());
    alpha_.push_back(inner(w, basis_.back()));
    for (int pass = 0; pass < 2; ++pass)
      for (const Direction& q : basis_) add(w, q, -inner(w, q));
    beta_.push_back(norm(w));
    largest_ = std::max({largest_, std::abs(alpha_.back()), beta_.back()});
    if (steps() >= dimension_ || beta_.back() <= 1e-6 * largest_) {
      beta_.back() = 0;
      return false;
    }
    scale(w, 1 / beta_.back());
    basis_.push_back(w);
    return true;
  }

  // The eigenvalues of T, ascending: estimates of the operator's, the extreme ones first to be good. An eigenvalue of
  // the operator lies within `residual` of each; `weight` is the squared first component of T's eigenvector, which
  // Gauss' quadrature wants.
  struct Ritz {
    std::vector<double> values, residuals, weights;
    std::vector<double> vectors;  // [steps,steps], by row: a column for each value
  };
  Ritz ritz() const {
    static const Op eigh("aten::linalg_eigh(Tensor self, str UPLO=\"L\") -> (Tensor eigenvalues, Tensor eigenvectors)");
    const size_t n = alpha_.size();
    std::vector<double> t(n * n);
    for (size_t i = 0; i < n; ++i) {
      t[i * n + i] = alpha_[i];
      if (i + 1 < n) t[i * n + i + 1] = t[(i + 1) * n + i] = beta_[i];
    }
    const int64_t side = steps();
    const auto parts = eigh.multi(Tensor::from(t).reshape({side, side}));
    Ritz r{parts[0].values<double>(), {}, {}, parts[1].values<double>()};
    for (size_t j = 0; j < n; ++j) {
      r.residuals.push_back(beta_.back() * std::abs(r.vectors[(n - 1) * n + j]));
      r.weights.push_back(r.vectors[j] * r.vectors[j]);
    }
    return r;
  }
  Direction vector(const Ritz& r, size_t index) const {  // of norm 1
    const size_t n = alpha_.size();
    Direction v;
    for (const Tensor& part : basis_[0]) v.push_back(part * r.vectors[index]);
    for (size_t i = 1; i < n; ++i) add(v, basis_[i], r.vectors[i * n + index]);
    scale(v, 1 / norm(v));
    return v;
  }

 private:
  int64_t dimension_ = 0;
  double largest_ = 0;
  std::vector<Direction> basis_;
  std::vector<double> alpha_, beta_;
};

// Steps until the `wanted` largest eigenvalues are known within tolerance times the largest in size, at most
// `iterations`; after_step() may show progress. Fewer are there where the space is exhausted.
template <class Product, class AfterStep>
Lanczos::Ritz find_largest(Lanczos& lanczos, int64_t wanted, int64_t iterations, double tolerance, Product&& product,
                           AfterStep&& after_step) {
  for (bool more = true;;) {
    more = lanczos.step(product);
    after_step();
    Lanczos::Ritz r = lanczos.ritz();
    const int64_t n = lanczos.steps();
    const double size = std::max(std::abs(r.values.front()), std::abs(r.values.back()));
    bool known = n > wanted;
    for (int64_t i = 0; i < std::min(wanted, n); ++i)
      known = known && r.residuals[static_cast<size_t>(n - 1 - i)] <= tolerance * size;
    if (known || !more || n >= iterations) return r;
  }
}

}  // namespace basin
#pragma GCC visibility pop
