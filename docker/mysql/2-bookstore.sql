-- The bookstore's sample database.
SET NAMES utf8mb4;
CREATE DATABASE IF NOT EXISTS inventory CHARACTER SET utf8mb4;
USE inventory;

CREATE TABLE book (
  bookId VARCHAR(20) NOT NULL PRIMARY KEY,
  title VARCHAR(255) NOT NULL,
  authors VARCHAR(255),
  price DECIMAL(10, 2),
  published DATE,
  updated TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP
);
INSERT INTO book (bookId, title, authors, price, published) VALUES
  ('process', 'Der Process', 'Franz Kafka', 12.90, '1925-04-26'),
  ('schloss', 'Das Schloss', 'Franz Kafka', 14.50, '1926-12-01'),
  ('verwandlung', 'Die Verwandlung', 'Franz Kafka', 6.80, '1915-10-01'),
  ('urteil', 'Das Urteil', 'Franz Kafka', 5.40, '1913-06-01'),
  ('guide', 'Kafka: The Definitive Guide', 'Gwen Shapira, Todd Palino', 44.95, '2021-11-05');

CREATE TABLE customers (
  id INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  first_name VARCHAR(255) NOT NULL,
  last_name VARCHAR(255) NOT NULL,
  email VARCHAR(255) NOT NULL UNIQUE,
  city VARCHAR(255),
  country VARCHAR(255)
);
INSERT INTO customers (id, first_name, last_name, email, city, country) VALUES
  (1, 'Milena', 'Jesenská', 'milena@example.com', 'Praha', 'CZ'),
  (2, 'Max', 'Brod', 'max@example.com', 'Praha', 'CZ'),
  (3, 'Felice', 'Bauer', 'felice@example.com', 'Berlin', 'DE'),
  (4, 'Ottla', 'Davidová', 'ottla@example.com', 'Siřem', 'CZ');
