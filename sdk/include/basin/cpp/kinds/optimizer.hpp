// optimizer.hpp: OptimizerComponent<T>.
//
//   void start(Parameters, State);                        once, before the first step
//   LossResult step(const Context&, const Closure&);      gives the result of the closure's first run
#pragma once
#include "../random.hpp"
#include "component.hpp"

#pragma GCC visibility push(hidden)
namespace basin {

// What to run the batch for. By default: all of it, its mean loss.
struct Request {
  bool per_sample = false;      // also give each sample's loss
  std::vector<int64_t> subset;  // rows of the batch; empty: all
  bool local = false;           // with several machines: this one's gradients alone
  bool gradients = true;        // false: the losses alone; what lies in the gradients is then undefined
};
struct LossResult {
  Tensor loss;           // float32 []
  Tensor sample_losses;  // float32 [n], where asked for
};

// Forward and backward at the parameters as they stand: the gradients then lie in the groups. Every run of one step
// sees the same samples, noise and dropout masks.
class Closure {
 public:
  template <class F, class = std::enable_if_t<std::is_invocable_r_v<LossResult, F&, const Request&>>>
  Closure(F run) : run_(std::move(run)) {}
  LossResult operator()(const Request& request = {}) const { return run_(request); }

 private:
  std::function<LossResult(const Request&)> run_;
};

namespace detail {
inline Closure closure_of(const basin_closure* c) {
  return Closure([c](const Request& request) {
    const basin_closure_request r{sizeof r,
                                  request.subset.empty() ? nullptr : request.subset.data(),
                                  static_cast<uint32_t>(request.subset.size()),
                                  request.per_sample,
                                  request.local,
                                  !request.gradients};
    basin_closure_result out{};
    out.size = sizeof out;
    Recording on(true);
    check(c->run(c->user, &r, &out));
    return LossResult{Tensor::take(out.loss), Tensor::take(out.sample_losses)};
  });
}
inline void give(LossResult result, basin_closure_result* out) {
  if (BASIN_HAS(out, loss)) out->loss = result.loss.release();
  if (BASIN_HAS(out, sample_losses)) out->sample_losses = result.sample_losses.release();
  if (out->size > sizeof *out) out->size = sizeof *out;
}
}  // namespace detail

// The optimizer that an option named, for one that wraps it.
struct Optimizer : Object {
  LossResult step(const Context& context, const Closure& closure) const {
    const basin_closure c{sizeof c, const_cast<Closure*>(&closure),
                          [](void* user, const basin_closure_request* r, basin_closure_result* out) -> basin_status {
                            return guard([&] {
                              Request request;
                              if (r) {
                                const basin_closure_request asked = detail::read(r);
                                request.per_sample = asked.per_sample, request.local = asked.local;
                                request.gradients = !asked.no_gradients;
                                if (asked.subset) request.subset.assign(asked.subset, asked.subset + asked.n_subset);
                              }
                              NoRecording off;
                              detail::give((*static_cast<const Closure*>(user))(request), out);
                            });
                          }};
    basin_closure_result out{};
    out.size = sizeof out;
    const Context* context_ = &context;
    const basin_closure* closure_ = &c;
    call<&basin_optimizers_interface::step>(handle, context_, closure_, &out);
    return {Tensor::take(out.loss), Tensor::take(out.sample_losses)};
  }
};

template <class T>
struct OptimizerComponent {
  using Requires = detail::List<basin_options_interface, basin_tensor_interface, basin_ops_interface,
                                basin_autograd_interface, basin_parameters_interface, basin_state_interface>;
  static constexpr basin_optimizer_functions functions{
      sizeof(basin_optimizer_functions), detail::create<T>, detail::destroy<T>,
      [](void* self, basin_parameters* p, basin_state* s) -> basin_status {
        return guard([&] {
          NoRecording off;
          detail::self_of<T>(self).part.start(Parameters(p), State(s));
        });
      },
      [](void* self, const basin_context* context, const basin_closure* c, basin_closure_result* out) -> basin_status {
        return guard([&] {
          NoRecording off;
          detail::give(detail::self_of<T>(self).part.step(*context, detail::closure_of(c)), out);
        });
      }};
  static const basin_component* describe() { return detail::describe<T>(BASIN_OPTIMIZER_INTERFACE, &functions); }
};

}  // namespace basin
#pragma GCC visibility pop
