// A plugin built with the SDK of next_minor.py, in a host that has none of what is new there. How it asks: NEWER_...
#include <basin/basin.hpp>

using namespace basin;

struct Newer {
  static constexpr const char* name = "newer";
  static constexpr const char* summary = "Asks for what the host lacks.";
  Parameters parameters_;
  void start(Parameters p, State) { parameters_ = p; }
  LossResult step(const Context& context, const Closure& closure) {
    const LossResult result = closure();
#ifdef NEWER_CALLS
    call<&basin_log_interface::next_minor>(static_cast<void*>(nullptr));  // does not ask
#elif defined NEWER_CALLS_INTERFACE
    double answer = 0;
    call<&basin_oracle_interface::ask>(&answer);
#else
    const bool any = host_has<&basin_log_interface::next_minor>() || host_has<&basin_oracle_interface::ask>() ||
                     BASIN_HAS(&context, next_minor);
    if (any || !host_has<&basin_log_interface::write>() || !BASIN_HAS(&context, host))
      throw error("The host was believed to have what it lacks, or to lack what it has.");
#endif
    for (const Group& group : parameters_) group.values.add_(group.gradients, -0.1);
    return result;
  }
};

BASIN_PLUGIN("newer", "0.1.0", "Apache-2.0", "Asks for what the host lacks.", OptimizerComponent<Newer>)
