// The U-Net written directly in LibTorch against the plugins: the same bits, so that `bench abi` compares like with
// like.
#include "direct_adm.hpp"

#include "catch.hpp"
#include "plugin_step.hpp"

using namespace basin;
using namespace basin::bench;

TEST_CASE("Plugins and direct calls train to the same bits", "[direct]") {
  static const bool once = (start_host(), true);
  (void)once;
  for (const Precision precision : {Precision::fp32, Precision::bf16}) {
    INFO((precision == Precision::fp32 ? "fp32" : "bf16"));
    PluginStep plugin(adm_options("mini"), at::kCPU, precision);
    const auto initial = plugin.model().weights();
    DirectStep direct({}, initial, at::kCPU, precision);
    const auto& leaves = direct.model.parameters.list();
    const auto& list = plugin.model().parameters().list();
    REQUIRE(leaves.size() == list.size());
    for (size_t i = 0; i < list.size(); i++) {
      CHECK(leaves[i].name == list[i].name);
      CHECK(leaves[i].value.strides() == list[i].value.strides());
    }
    const Inputs in = make_inputs(2, 32, at::kCPU, at::MemoryFormat::ChannelsLast);
    for (int step = 0; step < 4; step++)
      CHECK(plugin.train(in.x, in.t, in.e).item<double>() == direct.train(in.x, in.t, in.e).item<double>());
    CHECK(at::equal(plugin.model().parameters().groups()[0].gradients, direct.model.parameters.groups()[0].gradients));
    CHECK(at::equal(plugin.model().parameters().groups()[0].values, direct.model.parameters.groups()[0].values));
    CHECK_FALSE(at::equal(leaves[0].value, initial.at(leaves[0].name)));
  }
}
