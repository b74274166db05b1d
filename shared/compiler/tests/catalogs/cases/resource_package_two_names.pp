package { 'a': name => 'same', provider => 'gem' }
package { 'b': name => 'same', provider => 'apt' }
