// The training loop.
#pragma once
#include "data/dataset.hpp"
#include "diffusion/loss.hpp"
#include "model/model.hpp"
#include "run/run.hpp"

namespace basin {

class ServedReport;

struct TrainStep {
  int64_t step = 0, steps = 0;  // steps done, of how many
  double loss = 0;
  double images_per_second = 0, seconds = 0;
  ServedReport* report = nullptr;  // numbers added to it stand in the next row beside the loss
};

struct TrainOptions {
  std::shared_ptr<Model> model;
  std::shared_ptr<const Dataset> data;
  std::shared_ptr<const Dataset> validation;  // held-out items, for plugins that ask for the loss on them; may be null
  std::shared_ptr<const Process> process;
  int64_t steps = 0, batch = 32, accumulate = 1;
  std::shared_ptr<Object> optimizer;
  std::vector<std::pair<std::string, std::shared_ptr<Object>>> averages;  // name -> averager
  std::shared_ptr<Object> noise_schedule;
  std::string loss_name = "simple";
  Loss loss;                      // find_loss(loss_name), or a script's function
  double input_perturbation = 0;  // gamma
  bool flip = true;
  int64_t log_every = 10, save_every = 500;
  // What the model was before this training's first step, as Model::describe() says it; null: what it is now. A model
  // that an earlier call of the same training has changed is put back to it.
  nlohmann::json begun;
  std::function<void(int64_t step)> on_begin;     // once everything is accepted: where it goes on, 0 for a new one
  std::function<void(const TrainStep&)> on_step;  // after every step; may throw to stop, the last checkpoint stays
};

struct TrainResult {
  int64_t steps = 0;
  double loss = 0;     // mean over the last tenth of the steps
  double seconds = 0;  // of training alone, over all starts of this run
  std::map<std::string, std::shared_ptr<Model>> averages;
};

// Everything about the options that can be refused without a run: train() does it too. Error.
void check_options(const TrainOptions& options);

// Trains, or continues, or loads what is finished. At the end the model holds the raw weights, and averages the averaged
// ones; checkpoints/step-000130.safetensors holds everything that a continuation needs, model.safetensors and
// <average>.safetensors the weights under their own names.
TrainResult train(Run& run, const TrainOptions& options);

}  // namespace basin
