// While a Plain lives, kernels that this thread calls are out of ATen's operators.
#include "abi/kernels/plain.hpp"

#include <thread>

#include "abi/kernels/attention.hpp"
#include "abi/kernels/group_norm.hpp"
#include "abi/kernels/resample.hpp"
#include "compare.hpp"

using namespace kernels_test;
using namespace basin::kernels;

namespace {

// Which of the kernels recorded an operator of Basin's own: their names, in order.
std::string own_operators() {
  at::manual_seed(1);
  const Tensor x = leaf(last(at::randn({2, 12, 4, 4})));
  const Tensor none;
  std::string found;
  const auto look = [&](const char* name, const Tensor& y) {
    REQUIRE(y.grad_fn());
    // An operator of ATen's is called after itself ("SiluBackward0"), one of ours after its C++ type.
    if (y.grad_fn()->name().find("basin") != std::string::npos) found += name;
  };
  look("attention ", attention_packed(x, 2, QkvOrder::split_first));
  look("norm ", group_norm_act(x, 3, none, none, none, none, Activation::silu, 1e-5));
  look("up ", upsample_nearest(x));
  look("down ", average_pool(x));
  return found;
}

}  // namespace

TEST_CASE("plain: for as long as it lives, and on its own thread") {
  const std::string all = "attention norm up down ";
  CHECK(own_operators() == all);
  {
    const Plain plain;
    CHECK(own_operators().empty());
    std::string elsewhere;
    std::thread([&] { elsewhere = own_operators(); }).join();
    CHECK(elsewhere == all);
    { const Plain again; }
    CHECK(own_operators().empty());
  }
  CHECK(own_operators() == all);
}
