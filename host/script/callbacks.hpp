// A script's functions that hear how far something is: on_step, on_epoch, on_sample.
#pragma once
#include "run/run.hpp"
#include "script/captured.hpp"
#include "train/trainer.hpp"

namespace basin::script {

// A function that a field holds, kept in the registry (a place on the stack means nothing inside another function, and a
// sampler written in Lua is one); null where the field is not given.
using Callback = std::shared_ptr<const Kept>;
Callback callback_at(Call& c, const char* field);

// One that fails ends the training; the sentence says which checkpoint the run keeps.
std::function<void(const TrainStep&)> training_callbacks(Callback on_step, Callback on_epoch, const Run& run,
                                                         const TrainOptions& options);

void call_on_sample(const Callback& function, int64_t done, int64_t count, const Tensor& pixels, const Model& model);
void call_on_sampler_step(const Callback& function, int64_t done, int64_t step, int64_t steps, const Tensor& x,
                          const Tensor& x0);

}  // namespace basin::script
