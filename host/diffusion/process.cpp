// The tables of the forward process and its posterior (Ho et al. 2020, eq. 4 to 7), in double.
#include "diffusion/process.hpp"

#include <algorithm>
#include <numbers>

#include "abi/error.hpp"

namespace basin {

struct Table::Cache {
  struct Entry {
    at::ScalarType dtype;
    at::Device device;
    at::Tensor values;
  };
  std::mutex mutex;
  std::vector<Entry> entries;
};

Table::Table(std::vector<double> values) : values_(std::move(values)), cache_(std::make_shared<Cache>()) {}

at::Tensor Table::tensor(at::ScalarType dtype, at::Device device) const {
  dtype = dtype == at::kDouble ? at::kDouble : at::kFloat;
  std::lock_guard lock(cache_->mutex);
  for (const auto& entry : cache_->entries)
    if (entry.dtype == dtype && entry.device == device) return entry.values;
  // A tensor made in inference mode could not be used in training later on.
  c10::InferenceMode normal(false);
  at::Tensor exact = at::tensor(at::ArrayRef<double>(values_), at::dtype(at::kDouble));
  at::Tensor rounded = exact.to(dtype).to(device);
  cache_->entries.push_back({dtype, device, rounded});
  return rounded;
}

namespace {

void check_time(const at::Tensor& t, int64_t steps) {
  if (!t.defined() || t.dim() != 1 || t.scalar_type() != at::kLong)
    throw Error("The time steps of a batch are a tensor [B] of int64, but " +
                (t.defined()
                     ? "one of " + std::to_string(t.dim()) + " dimensions and type " + c10::toString(t.scalar_type())
                     : std::string("no tensor")) +
                " was given.");
  // On a GPU this would wait for the device; there the kernel's own assertion remains.
  if (t.device().is_cpu() && t.numel() > 0) {
    const int64_t low = t.min().item<int64_t>(), high = t.max().item<int64_t>();
    if (low < 0 || high >= steps)
      throw Error("Time step " + std::to_string(low < 0 ? low : high) + " is outside of this process's steps, 0 to " +
                  std::to_string(steps - 1) + ".");
  }
}

std::vector<double> linear_betas(int64_t steps) {
  // Ho et al. chose 1e-4 to 0.02 for 1000 steps; other lengths keep the sum of betas.
  const double scale = 1000.0 / static_cast<double>(steps), first = scale * 0.0001, last = scale * 0.02;
  if (last >= 1)
    throw Error(
        "The linear schedule needs at least 21 steps (its last beta is 20 / steps, which must stay below 1), but " +
        std::to_string(steps) + " were asked for.");
  std::vector<double> beta(static_cast<size_t>(steps));
  const double stride = (last - first) / static_cast<double>(steps - 1);
  for (int64_t i = 0; i < steps; ++i) beta[i] = static_cast<double>(i) * stride + first;
  beta.back() = last;
  return beta;
}

std::vector<double> cosine_betas(int64_t steps) {
  const auto alpha_bar = [](double time) {
    const double c = std::cos((time + 0.008) / 1.008 * std::numbers::pi / 2);
    return c * c;
  };
  std::vector<double> beta(static_cast<size_t>(steps));
  const double n = static_cast<double>(steps);
  for (int64_t i = 0; i < steps; ++i) {
    const double from = static_cast<double>(i) / n, to = static_cast<double>(i + 1) / n;
    beta[i] = std::min(1 - alpha_bar(to) / alpha_bar(from), 0.999);  // the last would be 1: no image left at all
  }
  return beta;
}

std::vector<double> make_betas(const std::string& kind, const std::string& schedule, int64_t steps) {
  if (kind != "vp") throw Error("There is no process \"" + kind + "\"; there is: vp.");
  if (steps < 1) throw Error("A process has at least 1 step, but " + std::to_string(steps) + " were asked for.");
  if (schedule == "linear") return linear_betas(steps);
  if (schedule == "cosine") return cosine_betas(steps);
  throw Error("There is no schedule \"" + schedule + "\" for the vp process; there are: linear, cosine.");
}

std::vector<int64_t> count_up(int64_t n) {
  std::vector<int64_t> indices(static_cast<size_t>(std::max<int64_t>(n, 0)));
  for (size_t i = 0; i < indices.size(); ++i) indices[i] = static_cast<int64_t>(i);
  return indices;
}

std::vector<double> products(const std::vector<double>& beta) {
  std::vector<double> result(beta.size());
  double product = 1;
  for (size_t i = 0; i < beta.size(); ++i) result[i] = product *= 1 - beta[i];
  return result;
}

std::vector<double> shifted(const std::vector<double>& alpha_bar) {
  std::vector<double> result{1.0};
  result.insert(result.end(), alpha_bar.begin(), alpha_bar.end() - 1);
  return result;
}

// function(t) for every t
template <typename Function>
Table tabulate(int64_t steps, Function function) {
  std::vector<double> values(static_cast<size_t>(steps));
  for (int64_t t = 0; t < steps; ++t) values[t] = function(t);
  return Table(std::move(values));
}

}  // namespace

at::Tensor gather(const Table& table, const at::Tensor& t, const at::Tensor& like) {
  check_time(t, table.size());
  std::vector<int64_t> shape(static_cast<size_t>(std::max<int64_t>(like.dim(), 1)), 1);
  shape[0] = t.size(0);
  return table.tensor(like.scalar_type(), t.device()).index_select(0, t).view(shape);
}

Process::Process(const std::string& kind, const std::string& schedule, int64_t steps)
    : Process(kind, schedule, steps, make_betas(kind, schedule, steps), count_up(steps), false) {}

Process::Process(std::string kind, std::string schedule, int64_t original_steps, std::vector<double> beta,
                 std::vector<int64_t> original_index, bool respaced)
    : kind_(std::move(kind)),
      schedule_(std::move(schedule)),
      original_steps_(original_steps),
      respaced_(respaced),
      original_index_(std::move(original_index)),
      beta_(std::move(beta)),
      log_beta_(tabulate(steps(), [&](int64_t t) { return std::log(beta_[t]); })),
      alpha_bar_(products(beta_.values())),
      alpha_bar_prev_(shifted(alpha_bar_.values())),
      alpha_(tabulate(steps(), [&](int64_t t) { return std::sqrt(alpha_bar_[t]); })),
      sigma_(tabulate(steps(), [&](int64_t t) { return std::sqrt(1 - alpha_bar_[t]); })),
      x0_of_x_(tabulate(steps(), [&](int64_t t) { return std::sqrt(1 / alpha_bar_[t]); })),
      x0_of_epsilon_(tabulate(steps(), [&](int64_t t) { return std::sqrt(1 / alpha_bar_[t] - 1); })),
      posterior_variance_(
          tabulate(steps(), [&](int64_t t) { return beta_[t] * (1 - alpha_bar_prev_[t]) / (1 - alpha_bar_[t]); })),
      posterior_log_variance_(tabulate(steps(),
                                       [&](int64_t t) {
                                         if (steps() == 1) return log_beta_[0];
                                         return std::log(posterior_variance_[std::max<int64_t>(t, 1)]);
                                       })),
      posterior_of_x0_(
          tabulate(steps(), [&](int64_t t) { return beta_[t] * std::sqrt(alpha_bar_prev_[t]) / (1 - alpha_bar_[t]); })),
      posterior_of_x_(tabulate(steps(), [&](int64_t t) {
        return (1 - alpha_bar_prev_[t]) * std::sqrt(1 - beta_[t]) / (1 - alpha_bar_[t]);
      })) {}

at::Tensor Process::q_sample(const at::Tensor& x0, const at::Tensor& t, const at::Tensor& noise) const {
  if (!x0.sizes().equals(noise.sizes()) || x0.dim() < 1 || x0.size(0) != t.numel())
    throw Error("q_sample takes x0 and noise of one shape [B,...] and t [B], but got " + c10::str(x0.sizes()) + ", " +
                c10::str(noise.sizes()) + " and " + c10::str(t.sizes()) + ".");
  return gather(alpha_, t, x0) * x0 + gather(sigma_, t, x0) * noise;
}

Process Process::respaced(const std::vector<int64_t>& indices) const {
  if (indices.empty()) throw Error("Respacing keeps at least one step, but the list of steps is empty.");
  std::vector<double> beta;
  std::vector<int64_t> original;
  double kept = 1;  // alpha_bar at the last kept step
  for (size_t i = 0; i < indices.size(); ++i) {
    const int64_t t = indices[i];
    if (t < 0 || t >= steps() || (i > 0 && t <= indices[i - 1]))
      throw Error("Respacing takes ascending steps between 0 and " + std::to_string(steps() - 1) + ", but number " +
                  std::to_string(i + 1) + " of the list is " + std::to_string(t) + ".");
    beta.push_back(1 - alpha_bar_[t] / kept);
    kept = alpha_bar_[t];
    original.push_back(original_index_[t]);
  }
  return Process(kind_, schedule_, original_steps_, std::move(beta), std::move(original), true);
}

at::Tensor Process::original_time(const at::Tensor& t) const {
  check_time(t, steps());
  if (!respaced_) return t;
  at::Tensor map = at::tensor(at::ArrayRef<int64_t>(original_index_), at::dtype(at::kLong));
  return map.to(t.device()).index_select(0, t);
}

std::string Process::describe() const {
  std::string count = std::to_string(steps());
  if (respaced_) count += " of " + std::to_string(original_steps_);
  return kind_ + " process, " + schedule_ + " schedule, " + count + " steps";
}

}  // namespace basin
