#!/bin/sh
# Placed by Puppet.
echo "hello from ${0}"
