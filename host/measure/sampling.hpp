// Images out of a model: batches of noise through a sampler plugin. The noise of image i depends on (seed, i) alone.
#pragma once
#include "diffusion/process.hpp"
#include "model/model.hpp"
#include "run/run.hpp"

namespace basin {

struct Images {
  Tensor pixels;            // uint8 [N,C,H,W]
  std::string label;        // of the model: "ema, 8 bits"
  std::string run_folder;   // where results about them are recorded; "" for none
  nlohmann::json protocol;  // sampler, steps, seed, precision, weights: what someone must know to compare
};

struct SampleOptions {
  std::shared_ptr<Model> model;
  std::shared_ptr<Object> sampler;
  std::shared_ptr<const Process> process;
  int64_t count = 16, batch = 64, first = 0;
  uint64_t seed = 0;
  std::function<void(int64_t already)> on_begin;  // images that an earlier call finished
  // After each batch: images so far, of how many, and the batch's, uint8 [B,C,H,W].
  std::function<void(int64_t done, int64_t total, const Tensor& pixels)> on_progress;
  // After each step of the batch at work: images before it; x_t and the estimate of x0, where the sampler gives them.
  std::function<void(int64_t done, int64_t step, int64_t steps, const Tensor& x, const Tensor& x0)> on_step;
};

// [count,C,H,W] float32 in [-1,1], not clamped, on the model's device. Error, here and below: a count or batch below 1.
Tensor sample_tensor(const SampleOptions& options);

// The same as images, kept in the run: finished batches are on disk, also after Ctrl-C, and the same call continues or
// loads them; a damaged file is named in the log, and its images are made again. Writes samples/<name>.png.
std::shared_ptr<Images> sample(Run& run, const SampleOptions& options);

}  // namespace basin
