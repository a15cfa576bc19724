// Components' state: tensors by name, in a tree whose branches are components.
#include "abi/state.hpp"

#include "abi/border.hpp"
#include "abi/interfaces.hpp"

namespace {

using at::Tensor;

bool fits(const Tensor& have, at::IntArrayRef sizes, at::ScalarType type) {
  return have.sizes() == sizes && have.scalar_type() == type;
}

std::string shape_text(at::IntArrayRef sizes, at::ScalarType type) { return c10::toString(type) + c10::str(sizes); }
std::string shape_text(const Tensor& t) { return shape_text(t.sizes(), t.scalar_type()); }

[[noreturn]] void refuse(const std::string& name, const Tensor& saved, const std::string& origin,
                         const std::string& wanted) {
  throw basin::Error("'" + origin + "' holds state '" + name + "' as " + shape_text(saved) + ", and " + wanted +
                     " is needed: it was saved from another training");
}

}  // namespace

Tensor basin_state::tensor(const std::string& name, at::IntArrayRef sizes, at::ScalarType type) {
  if (name.empty()) throw basin::Error("A state tensor needs a name.");
  if (const auto found = tensors_.find(name); found != tensors_.end()) {
    if (!fits(found->second, sizes, type))
      throw basin::Error("State '" + name + "' is " + shape_text(found->second) + " and was asked for as " +
                         shape_text(sizes, type) + "; a state keeps its name, sizes and dtype.");
    return found->second;
  }
  Tensor fresh;
  if (const auto found = pending_.find(name); found != pending_.end()) {
    if (!fits(found->second, sizes, type)) refuse(name, found->second, origin_, shape_text(sizes, type));
    fresh = found->second.to(at::TensorOptions(device_), /*non_blocking=*/false, /*copy=*/true).contiguous();
    pending_.erase(found);
  } else {
    fresh = at::zeros(sizes, at::TensorOptions(type).device(device_));
  }
  return tensors_[name] = fresh;
}

basin_state& basin_state::child(const std::string& name) {
  auto& child = children_[name];
  if (child) return *child;
  child = std::make_unique<basin_state>(device_);
  // What was restored before anyone asked for this component is its own.
  child->origin_ = origin_;
  const std::string prefix = name + ".";
  for (auto at = pending_.lower_bound(prefix); at != pending_.end() && at->first.starts_with(prefix);) {
    child->pending_[at->first.substr(prefix.size())] = at->second;
    at = pending_.erase(at);
  }
  return *child;
}

void basin_state::collect(const std::string& prefix, std::map<std::string, Tensor>& out) const {
  for (const auto& [name, value] : pending_) out[prefix + name] = value;
  for (const auto& [name, value] : tensors_) out[prefix + name] = value;
  for (const auto& [name, child] : children_) child->collect(prefix + name + ".", out);
}

std::map<std::string, Tensor> basin_state::save() const {
  std::map<std::string, Tensor> out;
  collect("", out);
  return out;
}

void basin_state::restore(const std::map<std::string, Tensor>& values, const std::string& origin) {
  const at::NoGradGuard no_grad;
  for (const auto& [name, have] : save())  // all of it or nothing
    if (const auto found = values.find(name);
        found != values.end() && !fits(have, found->second.sizes(), found->second.scalar_type()))
      refuse(name, found->second, origin, shape_text(have));
  origin_ = origin;
  std::map<std::string, std::map<std::string, Tensor>> below;
  for (const auto& [name, value] : values) {
    if (const auto found = tensors_.find(name); found != tensors_.end()) {
      found->second.copy_(value);
      continue;
    }
    // The longest child's name that leads this one: names of components and of tensors may hold dots.
    const std::string* branch = nullptr;
    for (const auto& [child, state] : children_)
      if (name.starts_with(child + ".") && (!branch || child.size() > branch->size())) branch = &child;
    if (branch) below[*branch][name.substr(branch->size() + 1)] = value;
    else pending_[name] = value;
  }
  for (const auto& [child, inside] : below) children_.at(child)->restore(inside, origin);
}

namespace basin {

const basin_state_interface state_interface = {
    .size = sizeof(basin_state_interface),
    .tensor =
        [](basin_state* state, const char* name, const int64_t* sizes, uint32_t n_dims, int32_t dtype,
           basin_tensor** out) {
          return guard([&] {
            *out = own(needed(state, "The state")
                           ->tensor(needed(name, "The state's name"), ints(sizes, n_dims), scalar_type(dtype)));
          });
        },
};

}  // namespace basin
