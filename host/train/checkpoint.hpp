// Checkpoints of a training: one safetensors file a step holds all that a continuation needs, so that there is no moment
// at which half of it is on disk.
#pragma once
#include <filesystem>

#include "abi/state.hpp"
#include "model/model.hpp"

namespace basin {

struct Checkpoint {
  int64_t step = 0;
  double seconds = 0, loss_sum = 0;  // of training so far; of the last tenth of the steps
  int64_t loss_count = 0;
  int64_t logged_step = 0;  // of the last row of metrics, and the sum of the losses since: the next row is their mean
  double logged_sum = 0;
};

// checkpoints/step-000000130.safetensors: "model.<name>", and the state as "state.<name>". The one before it is kept too,
// older ones are removed.
void save_checkpoint(const std::filesystem::path& folder, const Checkpoint& checkpoint, const Model& model,
                     const State& state);

// Removes all but the newest `count`.
void keep_newest_checkpoints(const std::filesystem::path& folder, size_t count);

// The newest checkpoint that can be read, put into model and state; nothing is changed where there is none. A file that
// is damaged is named in `log` and passed over. Error: one that is whole and of another model or training, with what
// differs first.
std::optional<Checkpoint> load_checkpoint(const std::filesystem::path& folder, Model& model, State& state,
                                          const std::function<void(const std::string&)>& log);

}  // namespace basin
