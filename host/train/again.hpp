// An average of a finished training once more, under other options than it was trained with.
#pragma once
#include "model/model.hpp"

namespace basin {

// The averager `name` of the training that `model` comes from, with `changes` to its options, started on the state that
// the run's last checkpoint holds, and asked for its average: post-hoc EMA for another profile. Error: the model comes
// from no training in this process, the training had no such average, its checkpoint is gone, the averager refuses, or
// the change makes no difference (it acts while training only).
std::shared_ptr<Model> averaged_again(Model& model, const std::string& name, std::vector<Option> changes);

}  // namespace basin
