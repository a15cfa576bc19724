// Gradient descent that moves the weights through DLPack: out of the host with to_dlpack, looked at as any library would,
// and in again with from_dlpack. The weights that move are the model's only if nothing was copied on the way.
#include <basin/basin.hpp>

namespace {
using namespace basin;

// DLPack's structures, version 0 of its ABI: what to_dlpack gives.
struct DLTensor {
  void* data;
  struct {
    int32_t type, id;
  } device;
  int32_t ndim;
  struct {
    uint8_t code, bits;
    uint16_t lanes;
  } dtype;
  int64_t *shape, *strides;
  uint64_t byte_offset;
};
struct DLManagedTensor {
  DLTensor tensor;
  void* context;
  void (*deleter)(DLManagedTensor*);
};

struct DlpackDescent {
  static constexpr const char* name = "dlpack_descent";
  static constexpr const char* summary = "Gradient descent through DLPack.";
  double lr;
  static auto parameters() { return declare(number("lr", &DlpackDescent::lr, 0.1, "Learning rate.").at_least(0)); }

  Parameters parameters_;
  void start(Parameters p, State) { parameters_ = p; }

  LossResult step(const Context&, const Closure& closure) {
    const LossResult result = closure();
    for (const Group& g : parameters_) {
      auto* out = static_cast<DLManagedTensor*>(to_dlpack(g.values));
      const DLTensor& t = out->tensor;
      const bool as_it_is = static_cast<char*>(t.data) + t.byte_offset == g.values.info().data && t.device.type == 1 &&
                            t.ndim == 1 && t.shape[0] == g.values.numel() && t.dtype.code == 2 && t.dtype.bits == 32 &&
                            t.dtype.lanes == 1 && (!t.strides || t.strides[0] == 1);
      if (!as_it_is) throw error("DLPack describes another tensor than the one that was given.");
      from_dlpack(out).add_(g.gradients, -lr);
      lend_memory(g);
    }
    return result;
  }

  // Memory of the plugin's own, lent to the host: freed once, when the last tensor over it is gone.
  static void lend_memory(const Group& g) {
    static int freed = 0;
    struct Own {
      float values[6] = {1, 2, 3, 4, 5, 6};
      int64_t shape[2] = {2, 3}, strides[2] = {1, 2};  // columns lie together
      DLManagedTensor managed{};
    };
    const auto make = [](uint8_t bits) {
      auto* own = new Own;
      own->managed.tensor = {own->values, {1, 0}, 2, {2, bits, 1}, own->shape, own->strides, 0};
      own->managed.context = own;
      own->managed.deleter = [](DLManagedTensor* m) { ++freed, delete static_cast<Own*>(m->context); };
      return &own->managed;
    };
    const int before = freed;
    {
      const Tensor first = from_dlpack(make(32)), second = first.narrow(0, 1, 1);
      if (second.values<float>() != std::vector<float>{2, 4, 6}) throw error("Strides were lost on the way in.");
      if (freed != before) throw error("Memory was freed while tensors were over it.");
    }
    if (freed != before + 1) throw error("Memory was freed " + std::to_string(freed - before) + " times, not once.");
    try {
      from_dlpack(make(24));  // a float of 24 bits
    } catch (const error&) {
      if (freed == before + 2) return;
      throw error("What from_dlpack refuses must have been freed.");
    }
    throw error("A float of 24 bits was taken, for " + g.name + ".");
  }
};

}  // namespace

BASIN_PLUGIN("dlpack", "0.1.0", "Apache-2.0", "DLPack, there and back.", OptimizerComponent<DlpackDescent>)
