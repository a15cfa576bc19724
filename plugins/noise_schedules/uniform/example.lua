-- Which noise levels ten batches draw.
local basin = require "basin"

local counts = {}
basin.run { name = "example-uniform", seed = 0, device = "cpu", precision = "fp32" }:train {
  model = basin.model "adm_unet" { image = 8, channels = 32, multipliers = { 1 }, blocks = 1, attention = {} },
  data = basin.dataset "gaussian" { size = 8 }, process = basin.process "vp" { schedule = "cosine", steps = 10 },
  steps = 10, batch = 32, optimizer = basin.optimizer "adam" {}, noise_schedule = basin.noise_schedule "uniform" {},
  loss = function(model, x0, noise, t, context)
    for _, level in ipairs(t:totable()) do counts[level] = (counts[level] or 0) + 1 end
    return ((model(context.process:noised(x0, noise, t), t) - noise) ^ 2):mean(2, 3, 4)
  end,
}
for level = 0, 9 do print(level, counts[level] or 0) end
