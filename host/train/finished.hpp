// What a finished training leaves for others and for itself: its weights under their own names.
#pragma once
#include "train/trainer.hpp"

namespace basin {

// checkpoints/model.safetensors and <average>.safetensors, the run's state "finished", and of the checkpoints the last.
void save_finished(Run& run, const Model& model, const TrainResult& result);

// The same back, where the checkpoints of a finished training are gone (they are large): the model and its averages, but
// not the state that going on would need. Nothing where the training had not finished or its weights cannot be read,
// which `log` says. Error: it finished earlier than after `steps`.
std::optional<TrainResult> load_finished(const Run& run, Model& model, const TrainOptions& options,
                                         const std::function<void(const std::string&)>& log);

}  // namespace basin
