// The closure that an optimizer steps with: forward, loss and backward of one training batch at the parameters as they
// stand. Every call of one step sees the same images, levels, noise and dropout masks.
#pragma once
#include <basin/optimizer.h>

#include "data/batches.hpp"
#include "train/trainer.hpp"

namespace basin {

// What a training that fails leaves: "the checkpoint of step 500 is kept".
std::string kept_text(int64_t saved);

class StepClosure {
 public:
  // Draws the step's noise levels and noise. `batch` and `options` must outlive it. saved: the last checkpoint's step,
  // for the sentence about a loss that is no number.
  StepClosure(const TrainOptions& options, const Batch& batch, uint64_t seed, int64_t step, int64_t saved = 0);

  const basin_closure* get() const { return &closure_; }
  Context& context() { return context_; }

  // After the step: the unweighted losses of each row's first evaluation (SAM's second is not the schedule's to learn
  // from).
  bool ran() const { return first_losses_.defined(); }
  void update_noise_schedule() const;
  double loss() const { return loss_; }  // weighted mean of the first evaluation

  // In a catch block: what failed inside the closure (a loss that is no number, the model) is none of the optimizer's,
  // which only hands it on, so it is raised again as it was.
  void rethrow_own() const;

 private:
  void run(const basin_closure_request* request, basin_closure_result* out);
  void remember(bool whole, const std::vector<int64_t>& rows, const Tensor& losses, double mean);

  const TrainOptions& options_;
  const Batch& batch_;
  uint64_t seed_;
  int64_t step_, saved_;
  std::vector<int64_t> rows_;
  Context context_;
  std::vector<double> levels_, weights_;
  Tensor t_, weight_, x0_, noise_, perturbation_, labels_;
  Tensor first_losses_;  // [B], unweighted; undefined until every row has been evaluated
  Tensor part_losses_;   // [B] of an optimizer that takes the batch in parts; NaN: not yet
  double loss_ = 0;
  std::exception_ptr failure_;  // of the last call
  std::string sentence_;        // as the optimizer got it
  basin_closure closure_{};
};

}  // namespace basin
