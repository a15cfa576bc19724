// autograd.hpp: recording, gradients, and functions with a gradient of their own.
#pragma once
#include "tensor.hpp"

#pragma GCC visibility push(hidden)
namespace basin {

// Turns the recording of operators for gradients on or off on this thread, until the end of the scope.
class Recording {
 public:
  explicit Recording(bool on) : before_(host_function<&basin_autograd_interface::set_recording>()(on)) {}
  ~Recording() { host_function<&basin_autograd_interface::set_recording>()(before_); }
  Recording(const Recording&) = delete;
  Recording& operator=(const Recording&) = delete;

 private:
  int32_t before_;
};
struct NoRecording : Recording {
  NoRecording() : Recording(false) {}
};
// Whether operators are recorded here. In a backward: whether its result will itself be differentiated.
inline bool recording() {
  const auto set = host_function<&basin_autograd_interface::set_recording>();
  const int32_t now = set(0);
  set(now);
  return now;
}

// Gradients of sum(outputs) with respect to inputs; empty where there is none. create_graph: they can be
// differentiated.
inline std::vector<Tensor> gradients(Span<const Tensor> outputs, Span<const Tensor> inputs, bool create_graph = false) {
  std::vector<Tensor> out(inputs.size());
  call<&basin_autograd_interface::gradients>(detail::handles(outputs.data()), uint32_t(outputs.size()),
                                             detail::handles(inputs.data()), uint32_t(inputs.size()),
                                             int32_t(create_graph), reinterpret_cast<basin_tensor**>(out.data()));
  return out;
}
inline void require_gradient(const Tensor& tensor, bool on = true) {
  call<&basin_autograd_interface::require_gradient>(tensor.handle(), int32_t(on));
}

// What forward keeps for backward.
class Saved {
 public:
  explicit Saved(basin_saved* handle) : handle_(handle) {}
  void save(Span<const Tensor> tensors) {
    call<&basin_autograd_interface::save>(handle_, detail::handles(tensors.data()), uint32_t(tensors.size()));
  }
  std::vector<Tensor> load(uint32_t n) {
    std::vector<Tensor> out(n);
    call<&basin_autograd_interface::saved>(handle_, reinterpret_cast<basin_tensor**>(out.data()), n);
    return out;
  }

 private:
  basin_saved* handle_;
};

namespace detail {
// A function's result into the host's array of outputs.
inline void give(Tensor result, basin_tensor** out, uint32_t n) {
  if (n != 1) throw error("One tensor was returned where " + std::to_string(n) + " are expected.", BASIN_ERROR_RUNTIME);
  out[0] = result.release();
}
inline void give(std::vector<Tensor> results, basin_tensor** out, uint32_t n) {
  if (results.size() != n)
    throw error(std::to_string(results.size()) + " tensors were returned where " + std::to_string(n) + " are expected.",
                BASIN_ERROR_RUNTIME);
  for (uint32_t i = 0; i < n; ++i) out[i] = results[i].release();
}
}  // namespace detail

// Runs f.forward(Saved&, Inputs) and ties f.backward(Saved&, Inputs gradients) into the graph. Each gives a Tensor or a
// vector of them; backward may run on any thread, long after, on a copy of f. Write basin::apply: given a std::vector, the
// compiler would find std::apply too.
template <class F>
std::vector<Tensor> apply(F f, Span<const Tensor> inputs, uint32_t n_outputs = 1) {
  std::vector<Tensor> out(n_outputs);
  const auto apply_function = host_function<&basin_autograd_interface::apply>();
  basin_function c{};
  c.size = sizeof c;
  c.n_outputs = n_outputs;
  c.user = new F(std::move(f));  // the host's from the call on, also where it fails
  c.destroy = [](void* user) { delete static_cast<F*>(user); };
  c.forward = [](void* user, basin_saved* saved, basin_tensor* const* in, uint32_t n_in, basin_tensor** out,
                 uint32_t n_out) {
    return guard([&] {
      Saved s(saved);
      detail::give(static_cast<F*>(user)->forward(s, Inputs(in, n_in)), out, n_out);
    });
  };
  c.backward = [](void* user, basin_saved* saved, basin_tensor* const* in, uint32_t n_in, basin_tensor** out,
                  uint32_t n_out) {
    return guard([&] {
      Saved s(saved);
      detail::give(static_cast<F*>(user)->backward(s, Inputs(in, n_in)), out, n_out);
    });
  };
  check(apply_function(&c, detail::handles(inputs.data()), uint32_t(inputs.size()),
                       reinterpret_cast<basin_tensor**>(out.data()), n_outputs));
  return out;
}

}  // namespace basin
#pragma GCC visibility pop
