// A script's functions that hear how far something is: on_step, on_epoch, on_sample.
#pragma once
#include "run/run.hpp"
#include "script/bind.hpp"
#include "train/trainer.hpp"

namespace basin::script {

// Calls the functions at these indices of the stack (0: none), which must stay there while the training runs. One that
// fails ends the training; the sentence says which checkpoint the run keeps.
std::function<void(const TrainStep&)> training_callbacks(lua_State* L, int on_step, int on_epoch, const Run& run,
                                                         const TrainOptions& options);

void call_on_sample(lua_State* L, int function, int64_t done, int64_t count, const Tensor& pixels, const Model& model);
void call_on_sampler_step(lua_State* L, int function, int64_t done, int64_t step, int64_t steps, const Tensor& x,
                          const Tensor& x0);

}  // namespace basin::script
