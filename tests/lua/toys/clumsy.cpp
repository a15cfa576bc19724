// Optimizers that go wrong inside the engine, for plugin_errors.sh: by a typed operator, and by one called by its schema.
#include <basin/basin.hpp>

namespace {
using namespace basin;

template <bool boxed>
struct Clumsy {
  static constexpr const char* name = boxed ? "clumsy_boxed" : "clumsy";
  static constexpr const char* summary = "Adds what does not fit.";

  Parameters parameters_;
  void start(Parameters p, State) { parameters_ = p; }
  LossResult step(const Context&, const Closure& closure) {
    static const Op maximum("aten::maximum(Tensor self, Tensor other) -> Tensor");
    const LossResult result = closure();
    const Tensor three = Tensor::zeros({3});
    for (const Group& group : parameters_) {
      if (boxed) maximum(group.values, three);
      else group.values + three;
    }
    return result;
  }
};

}  // namespace

BASIN_PLUGIN("clumsy", "0.1.0", "Apache-2.0", "Goes wrong.", OptimizerComponent<Clumsy<false>>,
             OptimizerComponent<Clumsy<true>>)
