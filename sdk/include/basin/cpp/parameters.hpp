// parameters.hpp: a model's parameters in flat arenas, and what a component remembers.
#pragma once
#include "autograd.hpp"

#pragma GCC visibility push(hidden)
namespace basin {

// One arena: all parameters of a group in one float32 tensor [n], their gradients in another, in the same order.
struct Group {
  std::string name;
  Tensor values, gradients;  // change in place
  Tensor rate;               // []: factor on every learning rate of this group
  uint32_t first, count;     // its parameters in Parameters::list()
};

struct Parameter {
  std::string name;        // "input_blocks.0.0.weight"
  Tensor value, gradient;  // views, with the parameter's shape
  int64_t offset, numel;   // within its group's arena
  uint32_t group;
};

// for (const Group& group : parameters) ...
class Parameters {
 public:
  Parameters() = default;
  explicit Parameters(basin_parameters* handle) : handle_(handle) {
    const uint32_t n = host_function<&basin_parameters_interface::group_count>()(handle);
    for (uint32_t i = 0; i < n; ++i) {
      basin_parameter_group g{};
      g.size = sizeof g;
      call<&basin_parameters_interface::group>(handle, i, &g);
      groups_.push_back({g.name, Tensor::share(g.values), Tensor::share(g.gradients), Tensor::share(g.rate), g.first,
                         g.n_parameters});
    }
  }
  size_t size() const { return groups_.size(); }
  const Group& operator[](size_t i) const { return groups_[i]; }
  auto begin() const { return groups_.begin(); }
  auto end() const { return groups_.end(); }
  explicit operator bool() const { return handle_; }
  basin_parameters* handle() const { return handle_; }

  // Every parameter by itself.
  std::vector<Parameter> list() const {
    std::vector<Parameter> all;
    const uint32_t n = host_function<&basin_parameters_interface::count>()(handle_);
    for (uint32_t i = 0; i < n; ++i) {
      basin_parameter_view v{};
      v.size = sizeof v;
      call<&basin_parameters_interface::parameter>(handle_, i, &v);
      all.push_back({v.name, Tensor::share(v.value), Tensor::share(v.gradient), v.offset, v.numel, v.group});
    }
    return all;
  }

 private:
  basin_parameters* handle_ = nullptr;
  std::vector<Group> groups_;
};

class State {
 public:
  State() = default;
  explicit State(basin_state* handle) : handle_(handle) {}
  // Zeros the first time, the checkpoint's values after a restart. Update it in place.
  Tensor tensor(const std::string& name, Sizes sizes, Type type = Type::float32) const {
    return detail::make<&basin_state_interface::tensor>(handle_, name.c_str(), sizes.data(), detail::count(sizes),
                                                        static_cast<int32_t>(type));
  }
  Tensor like(const std::string& name, const Tensor& t) const { return tensor(name, t.sizes(), t.type()); }

 private:
  basin_state* handle_ = nullptr;
};

}  // namespace basin
#pragma GCC visibility pop
