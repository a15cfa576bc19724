local basin, toy = require "basin", require "toy"
local data, process, tiny = toy.data, toy.process, toy.tiny
local weights, distance, refused = toy.weights, toy.distance, toy.refused

-- How far each step goes, when all gradients are scaled to one length: the learning rate.
local function rates(name, steps, options)
  options.base = basin.optimizer "clip" { norm = 1e-4, base = basin.optimizer "sgd" { lr = 10 } }
  local model, all = tiny(), {}
  local before = weights(model)
  basin.run { name = name, device = "cpu" }:train {
    model = model, data = data, process = process, steps = steps, batch = 8,
    optimizer = basin.optimizer("lr_schedule", options),
    on_step = function()
      local now = weights(model)
      all[#all + 1] = distance(now, before) / 1e-3
      before = now
    end,
  }
  return all
end
local function expect(found, wanted)
  assert(#found == #wanted)
  for i, value in ipairs(wanted) do assert(math.abs(found[i] - value) < 0.02, ("step %d: %g, not %g"):format(i, found[i], value)) end
end

expect(rates("lr-constant", 3, {}), { 1, 1, 1 })
expect(rates("lr-warmup", 5, { warmup = 4 }), { 0.25, 0.5, 0.75, 1, 1 })
expect(rates("lr-linear", 5, { shape = "linear", steps = 4 }), { 1, 0.75, 0.5, 0.25, 0 })
expect(rates("lr-cosine", 5, { shape = "cosine", warmup = 1, steps = 5, floor = 0.5 }), { 1, 1, 0.927, 0.75, 0.573 })
expect(rates("lr-cyclic", 8, { shape = "cyclic", begin = 2, cycle = 3, floor = 0.4 }), { 1, 1, 0.8, 0.6, 0.4, 0.8, 0.6, 0.4 })

refused("length of the run", function()
  return rates("lr-refused", 1, { shape = "cosine" })
end)
print "ok"
