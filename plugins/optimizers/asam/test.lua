local basin, toy = require "basin", require "toy"
local watched, distance, close, refused = toy.watched, toy.distance, toy.close, toy.refused
local still, adam = basin.optimizer "sgd" { lr = 0 }, basin.optimizer "adam" { lr = 1e-2 }

-- Two passes; |T^-1 e| = rho, which a radius of the weights' own scale makes: e grows with rho and goes back to nothing.
local seen, before, after = watched("asam-e", 2, basin.optimizer("asam", { rho = 0.5, base = still }))
assert(#seen == 4 and distance(after, before) == 0)
local sum = 0
for name, w in pairs(before) do
  local e = seen[2].weights[name] - w
  local scale = name:find "weight" and w:abs() + 0.01 or w * 0 + 1
  sum = sum + ((e / scale) ^ 2):sum():item()
end
close(math.sqrt(sum), 0.5, 1e-4)
assert((seen[2].weights["out.2.bias"] - before["out.2.bias"]):abs():max():item() > 0)  -- a bias at 0 moves

-- rho = 0 is the base.
local _, _, none = watched("asam-none", 3, basin.optimizer("asam", { rho = 0, base = adam }))
local _, _, plain = watched("asam-plain", 3, adam)
assert(distance(none, plain) == 0)

toy.reports_sharpness("asam", basin.optimizer("asam", { rho = 2, base = adam }))

-- It learns.
local _, _, _, losses = watched("asam-learns", 60, basin.optimizer("asam", { base = basin.optimizer "adam" { lr = 3e-3 } }))
assert(losses[60] < 0.9 * losses[1], losses[60])

-- A radius at which the training does not start is said after 300 steps, with one at which it does.
local share, advice = toy.started("asam-stuck", basin.optimizer("asam", { rho = 50, base = basin.optimizer "adam" { lr = 3e-3 } }))
assert(share > 0.9 and advice and advice < 0.1, share)

refused("eta", function() return basin.optimizer "asam" { eta = -1, base = adam } end)
print "ok"
