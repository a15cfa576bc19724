// Models with one fault each; the name says which.
#include <basin/basin.hpp>
#include <cstdlib>

using namespace basin;

namespace {

struct Line {
  Layer layer;
  void build(Builder& b) { layer = b.conv("layer", 3, 3, 3); }
  ModelDescription describe() {
    ModelDescription d;
    d.inputs = {{"x", {3, 8, 8}}, {"t", {}}};
    d.outputs = {{"prediction", {3, 8, 8}}};
    d.target = BASIN_TARGET_EPSILON;
    return d;
  }
};

struct Sound : Line {
  static constexpr const char* name = "sound";
  static constexpr const char* summary = "Nothing is wrong with it.";
  Tensor forward(const Context& c, const Inputs& in) { return layer(c, in[0]); }
};

struct WrongSizes : Line {
  static constexpr const char* name = "wrong_sizes";
  static constexpr const char* summary = "Gives less than it says.";
  Tensor forward(const Context& c, const Inputs& in) { return layer(c, in[0]).narrow(2, 0, 4); }
};

struct Noisy : Line {
  static constexpr const char* name = "noisy";
  static constexpr const char* summary = "Draws from a generator of its own.";
  Tensor forward(const Context& c, const Inputs& in) { return layer(c, in[0]) * (1 + 1e-3 * std::rand() / RAND_MAX); }
};

struct Mixes : Line {
  static constexpr const char* name = "mixes";
  static constexpr const char* summary = "Subtracts the mean over the batch.";
  Tensor forward(const Context& c, const Inputs& in) {
    const Tensor y = layer(c, in[0]);
    return y - y.mean({0}, true);
  }
};

// Twice x, with the gradient of once x.
struct Twice {
  Tensor forward(Saved&, Inputs in) { return in[0] * 2; }
  Tensor backward(Saved&, Inputs gradients) { return gradients[0] * 1; }
};
struct WrongGradient : Line {
  static constexpr const char* name = "wrong_gradient";
  static constexpr const char* summary = "Its backward is not that of its forward.";
  Tensor forward(const Context& c, const Inputs& in) {
    const std::vector<Tensor> x = {layer(c, in[0])};
    return basin::apply(Twice{}, x)[0];
  }
};

struct KeepsInput : Line {
  static constexpr const char* name = "keeps_input";
  static constexpr const char* summary = "Keeps a handle that it was lent.";
  basin_tensor* kept = nullptr;
  Tensor forward(const Context& c, const Inputs& in) {
    const Tensor y = layer(c, in[0]);
    if (kept) {
      double first = 0;
      call<&basin_ops_interface::add_scalar_>(kept, first);
    }
    kept = in[0].handle();
    return y;
  }
};

}  // namespace

BASIN_PLUGIN("models", "0.1.0", "Apache-2.0", "For the tests of basin check.", ModelComponent<Sound>,
             ModelComponent<WrongSizes>, ModelComponent<Noisy>, ModelComponent<Mixes>, ModelComponent<WrongGradient>,
             ModelComponent<KeepsInput>)
