// The full-data optimal denoiser and its loss, in double, in blocks over the data.
#include "diffusion/optimal.hpp"

#include <algorithm>
#include <limits>

#include "abi/error.hpp"

namespace basin {
namespace {

constexpr double negligible = -60;  // log of a weight, relative to the largest: 1e-26, far below double's 1e-16

void check_points(const at::Tensor& x, const char* what, int64_t d) {
  if (!x.defined() || x.dim() != 2 || x.size(0) < 1 || (d >= 0 && x.size(1) != d) ||
      (x.scalar_type() != at::kFloat && x.scalar_type() != at::kDouble))
    throw Error(
        std::string("The optimal loss takes ") + what + " as [count," + (d >= 0 ? std::to_string(d) : "d") +
        "] of float or double, but got " +
        (x.defined() ? c10::str(x.sizes()) + " of " + c10::toString(x.scalar_type()) : std::string("no tensor")) + ".");
}

void check_sigma(double sigma) {
  if (!(sigma > 0) || !std::isfinite(sigma))
    throw Error("The optimal loss needs noise levels above 0, but got " + std::to_string(sigma) + ".");
}

// The data, read block by block as centred double, through one buffer: fresh memory for each block costs more than the
// arithmetic on it.
class Points {
 public:
  Points(const at::Tensor& data, int64_t block) : data_(data) {
    const auto options = data.options().dtype(at::kDouble);
    buffer_ = at::empty({std::clamp<int64_t>(block, 1, count()), data.size(1)}, options);
    centre_ = at::zeros({data.size(1)}, options);
    at::Tensor sum = at::zeros({data.size(1)}, options);
    for_each_block([&](int64_t, const at::Tensor& y) { sum += y.sum(0); });
    centre_ = sum / static_cast<double>(count());
    squares_ = at::empty({count()}, options);
    for_each_block([&](int64_t from, const at::Tensor& y) {
      squares_.narrow(0, from, y.size(0)).copy_(at::linalg_vector_norm(y, 2, at::IntArrayRef{1})).square_();
    });
  }

  int64_t count() const { return data_.size(0); }
  const at::Tensor& centre() const { return centre_; }    // [d]
  const at::Tensor& squares() const { return squares_; }  // |y_n|^2, [N]

  // function(first index, y [n,d]), y valid during the call
  template <typename Function>
  void for_each_block(Function function) {
    for (int64_t from = 0; from < count(); from += buffer_.size(0))
      function(from, read(data_.narrow(0, from, std::min(buffer_.size(0), count() - from))));
  }

  // sum_n w_mn y_n: weights [M,N] -> [M,d]. Points that no query weighs are left out, nearly all of them at small
  // sigma.
  at::Tensor weighted_sum(const at::Tensor& weights) {
    at::Tensor sum = at::zeros({weights.size(0), data_.size(1)}, centre_.options());
    const at::Tensor used = weights.amax(0).nonzero().squeeze(1);
    for (int64_t from = 0; from < used.size(0); from += buffer_.size(0)) {
      const at::Tensor some = used.narrow(0, from, std::min(buffer_.size(0), used.size(0) - from));
      sum.addmm_(weights.index_select(1, some), read(data_.index_select(0, some)));
    }
    return sum;
  }

 private:
  at::Tensor read(const at::Tensor& rows) { return buffer_.narrow(0, 0, rows.size(0)).copy_(rows).sub_(centre_); }

  at::Tensor data_, buffer_, centre_, squares_;
};

// queries [M,d] y_n for all n: [M,N]
at::Tensor products(Points& points, const at::Tensor& queries) {
  at::Tensor result = at::empty({queries.size(0), points.count()}, queries.options());
  points.for_each_block([&](int64_t from, const at::Tensor& y) {
    at::Tensor columns = result.narrow(1, from, y.size(0));
    at::mm_out(columns, queries, y.t());
  });
  return result;
}

// xy_mn = x_m y_n becomes, in place, the softmax over n of (x_m y_n - |y_n|^2 / 2) / sigma^2. No denormals.
void make_posterior(const Points& points, at::Tensor& xy, double sigma) {
  xy.sub_(points.squares(), 0.5).div_(sigma * sigma);
  xy.sub_(xy.amax(1, true));
  xy.masked_fill_(xy.lt(negligible), -std::numeric_limits<double>::infinity());
  xy.exp_();
  xy.div_(xy.sum(1, true));
}

double mean_of(const at::Tensor& x) { return x.mean().item<double>(); }
double standard_error(const at::Tensor& x) {
  return x.std().item<double>() / std::sqrt(static_cast<double>(x.numel()));
}

}  // namespace

std::vector<OptimalLoss> optimal_loss(const at::Tensor& data, const at::Tensor& clean, const at::Tensor& noise,
                                      const std::vector<double>& sigmas, int64_t block) {
  check_points(data, "data", -1);
  check_points(clean, "clean points", data.size(1));
  check_points(noise, "noise", data.size(1));
  if (clean.size(0) != noise.size(0) || clean.size(0) < 2)
    throw Error("The optimal loss needs one noise vector for each of at least 2 clean points, but got " +
                std::to_string(noise.size(0)) + " for " + std::to_string(clean.size(0)) + ".");
  for (double sigma : sigmas) check_sigma(sigma);
  at::NoGradGuard no_grad;

  Points points(data, block);
  const at::Tensor x0 = clean - points.centre();
  const at::Tensor both = products(points, at::cat({x0, noise.to(at::kDouble)}));
  const at::Tensor x0_y = both.narrow(0, 0, clean.size(0)),
                   epsilon_y = both.narrow(0, clean.size(0), clean.size(0));  // [M,N]
  at::Tensor weights = at::empty_like(x0_y);                                  // [M,N], one buffer for all sigma
  std::vector<OptimalLoss> result;
  for (double sigma : sigmas) {
    at::add_out(weights, x0_y, epsilon_y, sigma);
    make_posterior(points, weights, sigma);
    const at::Tensor denoised = points.weighted_sum(weights);                                                 // [M,d]
    const at::Tensor variance = (at::mv(weights, points.squares()) - denoised.square().sum(1)).clamp_min(0);  // [M]
    const at::Tensor residual = (x0 - denoised).square().sum(1);
    result.push_back({sigma, mean_of(variance), standard_error(variance), mean_of(residual), standard_error(residual)});
  }
  return result;
}

at::Tensor optimal_denoiser(const at::Tensor& data, const at::Tensor& x, double sigma, int64_t block) {
  check_points(data, "data", -1);
  check_points(x, "noised points", data.size(1));
  check_sigma(sigma);
  at::NoGradGuard no_grad;
  Points points(data, block);
  at::Tensor weights = products(points, x - points.centre());
  make_posterior(points, weights, sigma);
  return points.weighted_sum(weights) + points.centre();
}

double gaussian_optimal_loss(int64_t d, double s, double sigma) {
  return static_cast<double>(d) * s * s * sigma * sigma / (s * s + sigma * sigma);
}

double per_dimension(double optimal, int64_t d, Target target, double alpha, double sigma) {
  const double mean = optimal / static_cast<double>(d);
  switch (target) {
    case Target::x0: return mean;
    case Target::epsilon: return mean * alpha * alpha / (sigma * sigma);
    case Target::v: return mean / (sigma * sigma);
    case Target::score: return mean * alpha * alpha / (sigma * sigma * sigma * sigma);
  }
  throw Error(std::string("The optimal loss has no form for ") + target_name(target) + ".");
}

}  // namespace basin
