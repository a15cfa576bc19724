#include "train/closure.hpp"

#include <basin/noise_schedule.h>

#include <algorithm>
#include <numeric>

#include "abi/border.hpp"
#include "measure/denoiser.hpp"

namespace basin {

namespace {
std::vector<int64_t> rows_of(const Batch& batch) {
  std::vector<int64_t> rows(static_cast<size_t>(batch.x0.size(0)));
  std::iota(rows.begin(), rows.end(), 0);
  return rows;
}
}  // namespace

std::string kept_text(int64_t saved) {
  return saved > 0 ? "the checkpoint of step " + std::to_string(saved) + " is kept" : "there is no checkpoint yet";
}

StepClosure::StepClosure(const TrainOptions& options, const Batch& batch, uint64_t seed, int64_t step, int64_t saved)
    : options_(options),
      batch_(batch),
      seed_(seed),
      step_(step),
      saved_(saved),
      rows_(rows_of(batch)),
      context_(seed, static_cast<uint64_t>(step), rows_, true) {
  const auto device = options.model->device();
  levels_.resize(rows_.size());
  weights_.resize(rows_.size(), 1);
  const Object& schedule = *options.noise_schedule;
  schedule.call(
      [&] {
        return schedule.functions<basin_noise_schedule_functions>().draw(schedule.self(), context_.get(),
                                                                         levels_.data(), weights_.data());
      },
      "draw");
  t_ = at::tensor(at::ArrayRef<double>(levels_), at::kDouble).round().to(at::kLong).to(device);
  weight_ = at::tensor(at::ArrayRef<double>(weights_), at::kDouble).to(at::kFloat).to(device);
  x0_ = batch.x0.to(device);
  labels_ = batch.labels.to(device);
  const auto shape = x0_.sizes().slice(1);
  const auto draw_normal = [&](uint32_t purpose) {
    return draw(stream_of(seed, purpose, static_cast<uint64_t>(step)), BASIN_NORMAL, rows_, shape, device);
  };
  noise_ = draw_normal(BASIN_PURPOSE_NOISE);
  if (options.input_perturbation != 0) perturbation_ = draw_normal(BASIN_PURPOSE_PERTURBATION);

  closure_.size = sizeof closure_;
  closure_.user = this;
  closure_.run = [](void* user, const basin_closure_request* request, basin_closure_result* out) {
    auto* self = static_cast<StepClosure*>(user);
    const basin_status status = guard([&] {
      needed(self, "The closure's user")->failure_ = nullptr;
      try {
        self->run(request, out);
      } catch (...) {
        self->failure_ = std::current_exception();
        throw;
      }
    });
    if (self && self->failure_) self->sentence_ = last_error();
    return status;
  };
}

void StepClosure::rethrow_own() const {
  try {
    throw;
  } catch (const Error& e) {
    if (failure_ && std::string_view(e.what()).ends_with(sentence_)) std::rethrow_exception(failure_);
    throw;
  }
}

void StepClosure::run(const basin_closure_request* request, basin_closure_result* out) {
  constexpr const char* place = "The place for the closure's result";
  give(out, basin_closure_result{}, place);  // refused before anything is computed, and empty after an error
  const auto asked = request ? take(request, "The closure's request") : basin_closure_request{};
  const bool backward = !asked.no_gradients;
  at::AutoGradMode record(backward);
  Parameters& parameters = options_.model->parameters();
  std::vector<int64_t> subset = rows_;
  if (asked.subset) subset.assign(asked.subset, asked.subset + asked.n_subset);
  const auto batch_size = static_cast<int64_t>(rows_.size());
  if (subset.empty() || std::ranges::any_of(subset, [&](int64_t row) { return row < 0 || row >= batch_size; }))
    throw Error("the closure's subset must be one or more rows of the batch, each from 0 to " +
                std::to_string(batch_size - 1));
  const auto total = static_cast<int64_t>(subset.size());
  const int64_t micro = (total + options_.accumulate - 1) / options_.accumulate;
  const bool whole = subset == rows_;

  std::vector<Tensor> losses;
  Tensor weighted_sum;
  for (int64_t first = 0; first < total; first += micro) {
    const int64_t n = std::min(micro, total - first);
    const std::vector<int64_t> ids(subset.begin() + first, subset.begin() + first + n);
    // Rows of the step's draws: a slice where nothing is left out, so that the common case copies nothing.
    Tensor index;
    if (!whole) index = at::tensor(ids, at::kLong).to(x0_.device());
    const auto rows = [&](const Tensor& all) {
      if (!all.defined()) return all;
      return whole ? all.slice(0, first, first + n) : all.index_select(0, index);
    };
    Context context(seed_, static_cast<uint64_t>(step_), ids, true);
    const Tensor x0 = rows(x0_), labels = rows(labels_);
    const Denoise denoise = denoise_with(*options_.model, context, labels);
    const Target target =
        options_.model->target() == BASIN_TARGET_NONE ? Target::epsilon : prediction_target(*options_.model);
    const LossOutput computed =
        options_.loss(denoise, {*options_.process, x0, rows(noise_), rows(t_), rows(perturbation_),
                                options_.input_perturbation, target, labels});
    if (computed.per_sample.dim() != 1 || computed.per_sample.size(0) != n)
      throw Error("the loss must give one number for each of the " + std::to_string(n) + " samples; it gave " +
                  std::to_string(computed.per_sample.numel()));
    const Tensor part = (computed.per_sample * rows(weight_)).sum() / static_cast<double>(total);

    if (backward) {
      parameters.expect_gradients(first > 0);
      if (!part.requires_grad())
        throw Error(
            "the loss does not depend on the model's weights: compute it from what the model gave, without "
            "t:detach or t:item in between");
      part.backward();
      parameters.collect_gradients(first > 0);
    }
    losses.push_back(computed.per_sample.detach());
    weighted_sum = weighted_sum.defined() ? weighted_sum + part.detach() : part.detach();
  }

  const Tensor all = at::cat(losses);
  const double value = weighted_sum.item<double>();
  if (!std::isfinite(value))
    throw Error("the loss is " + std::string(std::isnan(value) ? "NaN" : "infinite") + " at step " +
                    std::to_string(step_ + 1) + "; " + kept_text(saved_) + "; try a lower learning rate",
                BASIN_ERROR_RUNTIME);
  if (!first_losses_.defined()) remember(whole, subset, all, value);
  basin_closure_result result{};
  give_tensor(out, result, &basin_closure_result::loss, weighted_sum);
  if (asked.per_sample) give_tensor(out, result, &basin_closure_result::sample_losses, all);
  give(out, result, place);
}

// The whole batch at once, or row by row until none is missing.
void StepClosure::remember(bool whole, const std::vector<int64_t>& rows, const Tensor& losses, double mean) {
  if (whole) {
    first_losses_ = losses;
    loss_ = mean;
    return;
  }
  if (!part_losses_.defined()) part_losses_ = at::full_like(weight_, NAN);
  const Tensor index = at::tensor(rows, at::kLong).to(losses.device()), known = part_losses_.index_select(0, index);
  part_losses_.index_copy_(0, index, at::where(known.isnan(), losses, known));
  if (part_losses_.isnan().any().item<bool>()) return;
  first_losses_ = part_losses_;
  loss_ = (part_losses_ * weight_).mean().item<double>();
}

void StepClosure::update_noise_schedule() const {
  const Object& schedule = *options_.noise_schedule;
  const auto functions = schedule.functions<basin_noise_schedule_functions>();
  if (!functions.update || !first_losses_.defined()) return;
  const Tensor losses = first_losses_.to(at::kDouble).cpu().contiguous();
  schedule.call(
      [&] {
        return functions.update(schedule.self(), levels_.data(), losses.const_data_ptr<double>(),
                                static_cast<uint32_t>(levels_.size()));
      },
      "update");
}

}  // namespace basin
