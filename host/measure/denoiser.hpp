// A model at work on a process: whatever it predicts, epsilon and x0 come out. What samplers and metrics call.
#pragma once
#include <basin/sampler.h>

#include "data/dataset.hpp"
#include "diffusion/loss.hpp"
#include "diffusion/process.hpp"
#include "model/model.hpp"

struct basin_process {
  std::shared_ptr<const basin::Process> process;
};

struct basin_denoiser {
  std::shared_ptr<basin::Model> model;
  const basin_process* process = nullptr;
  at::Tensor labels;  // int64 [B]; undefined: those of the items of `labelled` that the context's sample ids name
  std::shared_ptr<const basin::Dataset> labelled;  // may be null
  const basin_denoise* through = nullptr;          // a plugin's callback that stands in the place of the model
};

namespace basin {

// What the model predicts; an Error for a feature extractor.
Target prediction_target(const Model& model);

// The model's outputs at x [B,C,H,W], t [B] (levels of the original schedule), labels int64 [B] or undefined.
ModelOutput run_model(Model& model, Context& context, const Tensor& x, const Tensor& t, const Tensor& labels);

// The denoiser as losses want it (diffusion/loss.hpp): t int64 [B] of the original schedule.
Denoise denoise_with(Model& model, Context& context, const Tensor& labels = {});

void add_process_interface();
void add_samplers_interface();

}  // namespace basin
