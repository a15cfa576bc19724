// The forward process: how much of an image and how much noise there is at each time step.
//
// x_t = alpha(t) x0 + sigma(t) epsilon, with alpha^2 + sigma^2 = 1 for the one kind there is, "vp" (variance
// preserving; Ho et al. 2020, arXiv 2006.11239, eq. 4; schedules: linear of Ho et al. section 4, cosine of Nichol and
// Dhariwal 2021, arXiv 2102.09672, eq. 17). All tables are double and are rounded to the working precision once, when
// they are gathered for a batch, so that numbers agree with code that does the same (guided-diffusion).
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "abi/aten.hpp"

namespace basin {

// One number a time step, in double. Copies share the tensors that gather keeps on each device.
class Table {
 public:
  explicit Table(std::vector<double> values);

  double operator[](int64_t t) const { return values_.at(static_cast<size_t>(t)); }
  const std::vector<double>& values() const { return values_; }
  int64_t size() const { return static_cast<int64_t>(values_.size()); }

  // The table as a tensor [T]: double if dtype is double, else float. Kept for the next call. [any thread]
  at::Tensor tensor(at::ScalarType dtype, at::Device device) const;

 private:
  struct Cache;
  std::vector<double> values_;
  std::shared_ptr<Cache> cache_;
};

// table[t] for a batch: t [B] int64 -> [B,1,...,1] with like's number of dimensions, on t's device, in double if like
// is double and else in float (never in half precision). Throws Error when t is not [B] int64 or, on the CPU, out of
// range.
at::Tensor gather(const Table& table, const at::Tensor& t, const at::Tensor& like);

class Process {
 public:
  // kind "vp", schedule "linear" or "cosine", steps T >= 1 (linear: T >= 21, below that its last beta reaches 1).
  Process(const std::string& kind, const std::string& schedule, int64_t steps);

  const std::string& kind() const { return kind_; }
  const std::string& schedule() const { return schedule_; }
  int64_t steps() const { return beta_.size(); }  // of this process: fewer than original_steps when respaced
  int64_t original_steps() const { return original_steps_; }  // of the schedule it came from

  // Forward process, by t = 0 .. steps-1.
  const Table& beta() const { return beta_; }
  const Table& log_beta() const { return log_beta_; }
  const Table& alpha_bar() const { return alpha_bar_; }            // product of (1 - beta)
  const Table& alpha_bar_prev() const { return alpha_bar_prev_; }  // alpha_bar(t-1), and 1 at t = 0
  const Table& alpha() const { return alpha_; }                    // sqrt(alpha_bar): how much image
  const Table& sigma() const { return sigma_; }                    // sqrt(1 - alpha_bar): how much noise
  double alpha(int64_t t) const { return alpha_[t]; }
  double sigma(int64_t t) const { return sigma_[t]; }
  double sigma_hat(int64_t t) const {
    return sigma_[t] / alpha_[t];
  }  // noise level of the same process without scaling

  // x0 = x0_of_x x_t - x0_of_epsilon epsilon: sqrt(1/alpha_bar) and sqrt(1/alpha_bar - 1).
  const Table& x0_of_x() const { return x0_of_x_; }
  const Table& x0_of_epsilon() const { return x0_of_epsilon_; }

  // Posterior q(x_{t-1} | x_t, x0), mean posterior_of_x0 x0 + posterior_of_x x_t (Ho et al., eq. 6 and 7). The variance
  // is 0 at t = 0; the clipped logarithm takes t = 1 there (and log beta when there is one step only).
  const Table& posterior_variance() const { return posterior_variance_; }
  const Table& posterior_log_variance() const { return posterior_log_variance_; }
  const Table& posterior_of_x0() const { return posterior_of_x0_; }
  const Table& posterior_of_x() const { return posterior_of_x_; }

  // A sample of q(x_t | x0): x0, noise [B,...], t [B] -> [B,...], in float at least.
  at::Tensor q_sample(const at::Tensor& x0, const at::Tensor& t, const at::Tensor& noise) const;

  // The same process on some of its steps only (see respace): indices ascending, each once, in 0 .. steps-1.
  // Betas are new, alpha_bar at the kept steps is the old one.
  Process respaced(const std::vector<int64_t>& indices) const;

  // The step of the original schedule that step t stands for: what a model was trained with and is to be told.
  const std::vector<int64_t>& original_index() const { return original_index_; }
  at::Tensor original_time(const at::Tensor& t) const;  // the same for a batch, [B] int64 -> [B] int64

  // One line for people: "vp process, cosine schedule, 20 of 1000 steps".
  std::string describe() const;

 private:
  Process(std::string kind, std::string schedule, int64_t original_steps, std::vector<double> beta,
          std::vector<int64_t> original_index, bool respaced);

  std::string kind_, schedule_;
  int64_t original_steps_;
  bool respaced_;
  std::vector<int64_t> original_index_;
  Table beta_, log_beta_, alpha_bar_, alpha_bar_prev_, alpha_, sigma_, x0_of_x_, x0_of_epsilon_;
  Table posterior_variance_, posterior_log_variance_, posterior_of_x0_, posterior_of_x_;
};

// The steps to keep out of 0 .. steps-1, ascending (Nichol and Dhariwal 2021, section 4, as guided-diffusion counts
// them):
//   "20"        20 steps, evenly spread from the first to the last
//   "10,10,20"  as many sections of (nearly) equal length, each with its own number of evenly spread steps
//   "ddim50"    every i-th step from 0, with the one whole stride i that gives 50 steps (Song et al. 2020)
// Throws Error when the text is none of these or asks for more steps than there are.
std::vector<int64_t> respace(int64_t steps, const std::string& spec);
// The same as "ddim" and the count.
std::vector<int64_t> respace_by_stride(int64_t steps, int64_t count);

}  // namespace basin
