// Optimizers with one fault each; the name says which.
#include <basin/basin.hpp>
#include <cstdlib>
#include <thread>

using namespace basin;

namespace {

// Gradient descent. A fault takes the place of the update, or of the whole step.
struct Descent {
  virtual ~Descent() = default;
  Parameters parameters_;
  void start(Parameters p, State) { parameters_ = p; }
  LossResult step(const Context& context, const Closure& closure) {
    LossResult result = closure();
    update(context);
    return result;
  }
  virtual void update(const Context&) { move(); }
  void move(double rate = 0.05) const {
    for (const Group& g : parameters_) g.values.add_(g.gradients, -rate);
  }
};

struct Sound : Descent {
  static constexpr const char* name = "sound";
  static constexpr const char* summary = "Nothing is wrong with it.";
};

struct Climbs : Descent {
  static constexpr const char* name = "climbs";
  static constexpr const char* summary = "Goes up.";
  void update(const Context&) override { move(-0.05); }
};

struct Restless : Descent {
  static constexpr const char* name = "restless";
  static constexpr const char* summary = "Draws from a generator of its own.";
  void update(const Context&) override { move(0.05 + 1e-3 * std::rand() / RAND_MAX); }
};

struct Forgets : Descent {
  static constexpr const char* name = "forgets";
  static constexpr const char* summary = "Its momentum is not in its state.";
  Tensor velocity;
  void update(const Context&) override {
    const Group& g = parameters_[0];
    velocity = velocity ? velocity * 0.5 + g.gradients : g.gradients.clone();
    g.values.add_(velocity, -0.05);
  }
};

struct Deaf : Descent {
  static constexpr const char* name = "deaf";
  static constexpr const char* summary = "Does not hear when the closure fails.";
  LossResult step(const Context&, const Closure& closure) {
    LossResult result{Tensor::full({}, 0), {}};
    try {
      result = closure();
      move();
    } catch (const error&) {
    }
    return result;
  }
};

struct Leaks : Descent {
  static constexpr const char* name = "leaks";
  static constexpr const char* summary = "Loses memory at every step.";
  void update(const Context&) override {
    move();
    double* volatile lost = new double[8]{};
    lost[0] = 1;
  }
};

struct ReadsFreed : Descent {
  static constexpr const char* name = "reads_freed";
  static constexpr const char* summary = "Reads memory that it has freed.";
  void update(const Context&) override {
    auto* rate = static_cast<double*>(std::malloc(sizeof(double)));
    *rate = 0.05;
    double* volatile kept = rate;
    std::free(rate);
    move(*kept > 1 ? 0.04 : 0.05);
  }
};

struct Partial : Descent {
  static constexpr const char* name = "partial";
  static constexpr const char* summary = "Never runs the whole batch.";
  LossResult step(const Context&, const Closure& closure) {
    Request request;
    request.subset = {0, 1};
    LossResult result = closure(request);
    move();
    return result;
  }
};

struct KeepsContext : Descent {
  static constexpr const char* name = "keeps_context";
  static constexpr const char* summary = "Keeps a pointer that it was lent.";
  const Context* kept = nullptr;
  void update(const Context& context) override {
    move(kept && kept->step == 77 ? 0.1 : 0.05);
    kept = &context;
  }
};

struct Crashes : Descent {
  static constexpr const char* name = "crashes";
  static constexpr const char* summary = "Writes where nothing is.";
  void update(const Context&) override {
    volatile int* nowhere = nullptr;
    *nowhere = 1;
  }
};

struct Leaves : Descent {
  static constexpr const char* name = "leaves";
  static constexpr const char* summary = "Ends the program.";
  LossResult step(const Context&, const Closure&) { std::exit(3); }
};

struct Throws : Descent {
  static constexpr const char* name = "throws";
  static constexpr const char* summary = "Throws what is no exception.";
  LossResult step(const Context&, const Closure&) { throw 42; }
};

struct Hangs : Descent {
  static constexpr const char* name = "hangs";
  static constexpr const char* summary = "Never comes back.";
  LossResult step(const Context&, const Closure&) {
    volatile bool on = true;
    while (on) continue;
    return {};
  }
};

// Believes what it finds in its state.
struct Trusts : Descent {
  static constexpr const char* name = "trusts";
  static constexpr const char* summary = "Uses a number of its state as an index.";
  Tensor at;
  void start(Parameters p, State state) {
    parameters_ = p;
    at = state.tensor("at", {1}, Type::int64);
  }
  void update(const Context&) override {
    static const double rates[4] = {0.05, 0.05, 0.05, 0.05};
    int64_t* index = at.mutable_data<int64_t>();
    move(rates[*index]);
    *index = (*index + 1) % 4;
  }
};

struct ReportsMany : Descent {
  static constexpr const char* name = "reports_many";
  static constexpr const char* summary = "Reports a tensor where a number is asked for.";
  void update(const Context&) override {
    report(parameters_, "gradients", parameters_[0].gradients);
    move();
  }
};

struct Hopes : Descent {
  static constexpr const char* name = "hopes";
  static constexpr const char* summary = "Does not hear when there is no validation loss.";
  void update(const Context&) override {
    double rate = 0.05;
    try {
      if (validation_loss(parameters_) > 1e6) rate = 0.01;
    } catch (const error&) {
    }
    move(rate);
  }
};

struct Elsewhere : Descent {
  static constexpr const char* name = "elsewhere";
  static constexpr const char* summary = "Asks for the validation loss from a thread of its own.";
  void update(const Context&) override {
    double loss = 0;
    std::thread([&] { loss = validation_loss(parameters_); }).join();
    move(loss > 1e6 ? 0.01 : 0.05);
  }
};

struct Mute {
  static constexpr const char* name = "mute";
  static constexpr const char* summary = "rate";
  double rate;
  int64_t size;
  static auto parameters() {
    return declare(number("rate", &Mute::rate, 0.05, "").at_least(0),
                   integer("size", &Mute::size, 4, "How many.").between(1, 1000000));
  }
  // Crashes for sizes that it says it takes.
  void check() {
    static double few[8];
    volatile double* at = few;
    for (int64_t i = 0; i < size; ++i) at[i * 4096] = rate;
  }
  Parameters parameters_;
  void start(Parameters p, State) { parameters_ = p; }
  LossResult step(const Context&, const Closure& closure) { return closure(); }
};

}  // namespace

BASIN_PLUGIN("optimizers", "0.1.0", "Apache-2.0", "For the tests of basin check.", OptimizerComponent<Sound>,
             OptimizerComponent<Climbs>, OptimizerComponent<Restless>, OptimizerComponent<Forgets>,
             OptimizerComponent<Deaf>, OptimizerComponent<Partial>, OptimizerComponent<KeepsContext>,
             OptimizerComponent<Crashes>, OptimizerComponent<Leaves>, OptimizerComponent<Throws>,
             OptimizerComponent<Hangs>, OptimizerComponent<Trusts>, OptimizerComponent<ReportsMany>,
             OptimizerComponent<Hopes>, OptimizerComponent<Elsewhere>, OptimizerComponent<Mute>,
             OptimizerComponent<Leaks>, OptimizerComponent<ReadsFreed>)
